#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""phial bench: its report, its exit codes, and that it counts what the ledger holds."""
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402

MEMBERS = {'events_per_second', 'p50_ms', 'p99_ms', 'accepted', 'duplicates', 'errors', 'ledger_events',
           'batch', 'connections', 'customers', 'ids'}


def bench(url, key, *arguments):
    done = subprocess.run([phial.PHIAL, 'bench', *arguments, '--url', url, '--key', key],
                          capture_output=True, text=True, timeout=300)
    report = json.loads(done.stdout) if done.stdout else None
    assert report is None or MEMBERS <= set(report), report
    return done.returncode, report, done.stderr


def agreed(server, *arguments):
    code, report, said = bench(server.url, server.key, *arguments)
    assert code == 0 and report['errors'] == 0, (code, report, said)
    assert report['ledger_events'] == report['accepted'], report
    held = server.sql("SELECT count(*) FROM ledger_entry JOIN customer USING (customer_id) "
                      f"WHERE ledger_entry.kind = 0 AND key LIKE '{report['run']}-%'")
    assert int(held) == report['ledger_events'], (held, report)
    assert 0 < report['p50_ms'] <= report['p99_ms'] and report['events_per_second'] > 0, report
    return report


def batches(server):
    for ids in ('ordered', 'random'):
        report = agreed(server, 'ingest', '--events', '2000', '--batch', '100', '--connections', '2',
                        '--customers', '5', '--duplicates', '0.1', '--ids', ids)
        assert (report['accepted'], report['duplicates'], report['ids']) == (1800, 200, ids), report
        assert (report['batch'], report['connections'], report['customers']) == (100, 2, 5), report
        versions = server.sql("SELECT DISTINCT get_byte(identity, 6) >> 4 FROM ledger_entry JOIN customer "
                              f"USING (customer_id) WHERE ledger_entry.kind = 0 AND key LIKE '{report['run']}-%'")
        assert versions == {'ordered': '7', 'random': '4'}[ids], versions
    again = agreed(server, 'ingest', '--events', '500', '--batch', '70', '--connections', '2', '--customers', '3',
                   '--duplicates', '1')
    assert (again['accepted'], again['duplicates']) == (500, 500), again


def singles(server):
    report = agreed(server, 'single', '--seconds', '2', '--connections', '4', '--customers', '3')
    assert report['batch'] == 1 and report['accepted'] > 0 and report['duplicates'] == 0, report
    paced = agreed(server, 'single', '--seconds', '2', '--connections', '4', '--customers', '3', '--rate', '50',
                   '--duplicates', '0.2')
    assert 95 <= paced['requests'] <= 100 and 15 <= paced['duplicates'] <= 25, paced


def refusals(server):
    for wrong in (['nothing'], ['ingest', '--batch', '0'], ['ingest', '--batch', '10001'], ['ingest', '--ids', 'some'],
                  ['ingest', '--duplicates', '1.5'], ['ingest', '--seconds', '3'], ['single', '--events', '3'],
                  ['ingest', 'stray']):
        code, report, said = bench(server.url, server.key, *wrong)
        assert code == 2 and report is None and 'usage: phial bench' in said, (wrong, code, said)
    code, report, said = bench(server.url, server.key + 'x', 'single', '--seconds', '1')
    assert code == 1 and report is None and '401' in said, (code, said)
    code, report, said = bench('http://127.0.0.1:1', server.key, 'single', '--seconds', '1')
    assert code == 1 and report is None, (code, said)


def rates(server):
    done = subprocess.run([phial.PHIAL, 'bench', 'rate', '--charges', '20000'], capture_output=True, text=True,
                          env={k: v for k, v in os.environ.items() if k not in ('PHIAL_URL', 'PHIAL_KEY')})
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report['charges'] == 20000 and report['tiers'] == 10, (done, report)
    assert report['charges_per_second'] > 0 and report['gmp_additions_charges_per_second'] > 0, report
    assert 'invoices' not in report, report
    done = subprocess.run([phial.PHIAL, 'bench', 'rate', '--charges', '1000', '--invoices', '40', '--customers', '4',
                           '--events', '1200', '--url', server.url, '--key', server.key], capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report['issued'] == 40 and report['invoices_per_second'] > 0, (done, report)
    totals = {row['total'] for row in server.client.get('/v1/invoices?status=issued&limit=500')['data']}
    assert totals == {'730.00'}, totals  # 900: 90 + 85 + 80 + 75 + 70 + 65 + 60 + 55 + 50, and the fee
    done = subprocess.run([phial.PHIAL, 'bench', 'rate', '--charges', 'many'], capture_output=True, text=True)
    assert done.returncode == 2 and 'usage: phial bench' in done.stderr, done


class Forgetful(BaseHTTPRequestHandler):
    """Turns every third request away, loses every fifth answer, and shows a ledger that is short of `missing`."""
    protocol_version = 'HTTP/1.1'
    lock = threading.Lock()
    seen = set()
    posts = 0
    missing = 0
    losing = False

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.answer(201, b'{}')

    def do_GET(self):
        kind = type(self)
        customer = self.path.split('/')[3]
        size = sum(customer == c for c, _ in kind.seen)
        self.answer(200, f'origin\n{max(0, size - kind.missing)}\nroot\n\n'.encode())

    def do_POST(self):
        kind = type(self)
        lines = self.rfile.read(int(self.headers['Content-Length'])).decode().splitlines()
        events = {(e['customer'], e['id']) for e in map(json.loads, lines)}
        with kind.lock:
            kind.posts += 1
            turn = kind.posts
            if turn % 3 == 0:
                self.answer(503, b'{"code":"overloaded"}', Retry_After='1')
                return
            new = len(events - kind.seen)
            kind.seen |= events
        if kind.losing and turn % 5 == 0:
            self.close_connection = True
            return
        self.answer(200, json.dumps({'accepted': new, 'duplicates': len(lines) - new, 'rejected': 0,
                                     'results': []}).encode())


def trouble():
    server = ThreadingHTTPServer(('127.0.0.1', 0), Forgetful)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f'http://127.0.0.1:{server.server_port}'
    run = ('ingest', '--events', '100', '--batch', '10', '--connections', '2', '--customers', '1', '--duplicates', '0')
    code, report, said = bench(url, 'k', *run)
    assert code == 0 and report['retries'] == 4 and report['accepted'] == 100, (code, report, said)
    Forgetful.losing = True
    code, report, said = bench(url, 'k', *run)
    assert code == 0 and report['reconnects'] > 0 and report['ledger_events'] == 100, (code, report, said)
    assert report['accepted'] + report['duplicates'] == 100 and report['duplicates'] > 0, report
    Forgetful.losing = False
    Forgetful.missing = 1
    code, report, said = bench(url, 'k', *run)
    assert code == 1 and report['ledger_events'] == 99 and 'is not what the ledger holds' in said, (code, report, said)
    server.shutdown()


def main():
    server = phial.Server()
    batches(server)
    singles(server)
    rates(server)
    refusals(server)
    trouble()
    server.remove()


main()
