#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""More than can be served: 503 or 429 with Retry-After at once, bounded memory, and nobody waits behind another's
10,000 events. What was acknowledged is stored all the same, and what was refused is not."""
import asyncio
import contextlib
import http.client
import io
import json
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import phial  # noqa: E402
from load import Load, identity, prepare, reconcile  # noqa: E402

CUSTOMERS = [f'c{n}' for n in range(12)]
CROWD, QUEUE = 400, 8
SLOW, SLOW_SENT, MEGABYTE = 300, 4 << 20, 1 << 20
BODIES_MEGABYTES, SPARE_MEGABYTES = 512, 400  # docs/limits.md: all bodies together; and whatever else there is


def events_of(load, name, count, customers):
    events = [{'id': f'{name}-{n}', 'customer': customers[n % len(customers)], 'type': 'call', 'time': load.now,
               'properties': {'route': 'r-1'}} for n in range(count)]
    load.sent.update({identity(e): e for e in events})
    return events


def request_of(server, body, length=None):
    return (f'POST /v1/events HTTP/1.1\r\nHost: phial\r\nAuthorization: Bearer {server.key}\r\nPrefer: return=representation\r\n'
            f'Content-Type: application/json\r\nContent-Length: {length or len(body)}\r\n\r\n').encode() + body


class Raw(io.BytesIO):
    """Bytes that http.client reads as a connection."""

    def makefile(self, *_):
        return self


async def ask(server, request):
    """On a connection of its own, of which there may be hundreds."""
    reader, writer = await asyncio.open_connection(*server.client.address.split(':'))
    writer.write(request)
    head = await reader.readuntil(b'\r\n\r\n')
    length = int(next(line for line in head.lower().split(b'\r\n') if line.startswith(b'content-length:')).split(b':')[1])
    response = http.client.HTTPResponse(Raw(head + await reader.readexactly(length)))
    response.begin()
    writer.close()
    return phial.Answer(response)


@contextlib.contextmanager
def nothing_moves(server):
    """Every statement of a request waits until the end of this."""
    def hold():
        with contextlib.suppress(subprocess.CalledProcessError):  # it is cancelled
            server.sql('BEGIN; LOCK TABLE api_key, customer, ledger_head, ledger_entry; SELECT pg_sleep(120)')

    holder = threading.Thread(target=hold)
    holder.start()
    sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    while server.sql('SELECT count(*) ' + sleeping) != '1':
        time.sleep(0.05)
    try:
        yield
    finally:
        server.sql('SELECT pg_cancel_backend(pid) ' + sleeping)
        holder.join()


async def crowd(server, events):
    """One request each; the first refusals come while no request can be finished, the others' answers after that."""
    with nothing_moves(server):
        asked = [asyncio.create_task(ask(server, request_of(server, json.dumps(e).encode()))) for e in events]
        deadline = time.monotonic() + 30
        while not any(task.done() for task in asked):
            assert time.monotonic() < deadline, f'{len(events)} requests wait, and none is refused'
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        early = [task.result() for task in asked if task.done()]
        assert {a.status for a in early} == {503}, early[:3]
    return await asyncio.gather(*asked)


def full_queue():
    server = phial.Server(environment={'PHIAL_HTTP_QUEUE_MAX': str(QUEUE), 'PHIAL_HTTP_WORKERS': '2'})
    prepare(server.client, CUSTOMERS)
    load = Load([server], CUSTOMERS)
    events = events_of(load, 'crowd', CROWD, CUSTOMERS)
    answers = asyncio.run(crowd(server, events))
    for event, answer in zip(events, answers):
        if answer.status == 503:
            load.busy += 1
            assert int(answer.headers['Retry-After']) >= 1 and answer.json['code'] == 'busy', (answer.headers, answer)
        else:
            load.acknowledge([event], answer)
    stored = server.sql('SELECT count(*) FROM ledger_entry WHERE kind = 0')
    assert int(stored) == len(load.index), f'{stored} are stored, {len(load.index)} were acknowledged'
    for event in events:  # whoever was refused comes again
        load.acknowledge([event], server.client.send('POST', '/v1/events', event, Prefer='return=representation'))
    print('passed full_queue', reconcile(load, server.client, server.folder + '/ledger.pub.pem'), f'events, {load.busy} busy')
    server.remove()


def resident_megabytes(server):
    with open(f'/proc/{server.process.pid}/status') as f:
        return int(next(line for line in f if line.startswith('VmHWM:')).split()[1]) // 1024


async def slow_requests(server, load):
    """Hundreds of large bodies that stop short of their end."""
    async def begin():
        reader, writer = await asyncio.open_connection(*server.client.address.split(':'))
        with contextlib.suppress(ConnectionError):
            writer.write(request_of(server, b' ' * SLOW_SENT, SLOW_SENT + 1))
            await writer.drain()
        return writer

    writers = await asyncio.gather(*[begin() for _ in range(SLOW)])
    await asyncio.sleep(2)
    assert server.client.send('GET', '/livez').status == 200
    for writer in writers:
        writer.close()


def is_sanitized():
    with open(phial.PHIALD, 'rb') as f:
        program = f.read()
    return b'__asan_init' in program or b'__tsan_init' in program


def bounded_memory():
    server = phial.Server()
    prepare(server.client, CUSTOMERS)
    load = Load([server], CUSTOMERS)
    asyncio.run(slow_requests(server, load))
    peak = resident_megabytes(server)
    sent = SLOW * SLOW_SENT // MEGABYTE
    assert is_sanitized() or peak < BODIES_MEGABYTES + SPARE_MEGABYTES < sent, f'{peak} MB resident, of {sent} MB sent'
    load.deliver(0, events_of(load, 'after', 200, CUSTOMERS), random.Random())
    print('passed bounded_memory', f'{peak} MB resident, of {sent} MB sent')
    server.remove()


def answers_over_unfolded_entries():
    """However many entries no running sum holds, the daemon does not grow by them; and what an answer needs that goes by each of a hundred
    thousand values is not kept, whichever thread gave it."""
    if is_sanitized():  # keeps what was freed
        return
    server = phial.Server('--test-clock', environment={'PHIAL_USAGE_FOLD_INTERVAL_MS': '3600000'})
    client = server.client
    client.put('/v1/test-clock', {'now': '2031-12-15T00:00:00Z'}, 200)
    prepare(client, CUSTOMERS[:1])
    client.put('/v1/metrics/all', {'event_types': ['call'], 'aggregation': 'count'})
    client.put('/v1/metrics/routes', {'event_types': ['call'], 'aggregation': 'unique', 'property': 'route'})
    for first in range(0, 160000, 10000):
        events = [{'id': f'e{n}', 'type': 'call', 'customer': CUSTOMERS[0], 'time': '2031-12-10T00:00:00Z', 'properties': {'route': f'r-{n}'}}
                  for n in range(first, first + 10000)]
        assert client.post('/v1/events', events, 200)['accepted'] == len(events)
    with open(f'/proc/{server.process.pid}/clear_refs', 'w') as f:
        f.write('5')  # the most that it held is what it holds
    before = resident_megabytes(server)
    days = {'start': '2031-12-01T00:00:00Z', 'end': '2032-01-01T00:00:00Z'}
    charges = [{'key': key, 'metric': 'all', 'model': 'per_unit', 'unit_amount': '1', **more}
               for key, more in (('all', {}), ('one', {'filters': [{'property': 'route', 'in': ['r-1']}]}))]
    bill = client.post('/v1/plans/simulate', {'customer': CUSTOMERS[0], 'plan': {'currency': 'USD', 'interval': 'month', 'charges': charges}, 'period': days}, 200)
    assert [line['quantity'] for line in bill['lines']] == ['160000', '1'], bill
    assert (peak := resident_megabytes(server)) < before + 40, (before, peak)
    for metric, times, grows in ('all', 4, 40), ('routes', 1, 160), ('routes', 15, 100):
        before = resident_megabytes(server)
        for _ in range(times):
            answer = client.get(f'/v1/customers/{CUSTOMERS[0]}/usage?metric={metric}&from=2031-12-01T00:00:00Z&to=2031-12-15T00:00:00Z')
            assert answer['quantity'] == '160000', answer
        assert (peak := resident_megabytes(server)) < before + grows, (metric, before, peak)
        print('passed answers_over_unfolded_entries', metric, before, 'to', peak, 'MB')
    server.remove()


def nobody_waits():
    """Single events of some customers, while others send 10,000 at a time."""
    server = phial.Server()
    prepare(server.client, CUSTOMERS)
    load = Load([server], CUSTOMERS)
    longest, done = [0.0], threading.Event()
    bodies = [events_of(load, f'large-{n}', 10000, CUSTOMERS[:10]) for n in range(3)]

    def send_large():
        client = phial.Client(server.url, server.key)
        for events in bodies:
            began = time.monotonic()
            load.acknowledge(events, client.send('POST', '/v1/events', events, Prefer='return=representation'))
            longest[0] = max(longest[0], time.monotonic() - began)
        done.set()

    sender = threading.Thread(target=send_large)
    sender.start()
    waits = []
    while not done.is_set():
        event, = events_of(load, f'single-{len(waits)}', 1, CUSTOMERS[10 + len(waits) % 2:])
        began = time.monotonic()
        load.acknowledge([event], server.client.send('POST', '/v1/events', event, Prefer='return=representation'))
        waits.append(time.monotonic() - began)
    sender.join()
    assert max(waits) < max(1.5, longest[0] / 2), f'a single event waited {max(waits):.1f} s, 10,000 took {longest[0]:.1f} s'
    stored = reconcile(load, server.client, server.folder + '/ledger.pub.pem')
    print('passed nobody_waits', f'{stored} events; the longest wait of {len(waits)} was {max(waits):.2f} s, of 10,000 {longest[0]:.2f} s')
    server.remove()


def a_change_is_paid_once():
    """After a change of the catalog that no event has to do with, an event takes one transaction again: what is decided under the revision
    before costs a second one."""
    server = phial.Server()
    prepare(server.client, CUSTOMERS)
    load = Load([server], CUSTOMERS)

    def transactions():
        return int(server.sql('SELECT pg_snapshot_xmax(pg_current_snapshot())'))

    def send(name, count):
        before = transactions()
        for event in events_of(load, name, count, CUSTOMERS):
            load.acknowledge([event], server.client.send('POST', '/v1/events', event, Prefer='return=representation'))
        return transactions() - before

    send('first', 100)
    before = send('before', 500)
    server.client.put('/v1/customers/other', {'name': 'Other', 'currency': 'USD', 'time_zone': 'UTC'})
    after = send('after', 500)
    assert after < before * 1.5, f'500 events took {before} transactions before the change, {after} after it'
    stored = reconcile(load, server.client, server.folder + '/ledger.pub.pem')
    print('passed a_change_is_paid_once', f'{stored} events, {before} and {after} transactions for 500')
    server.remove()


def analyzed_by_few_rows():
    """PostgreSQL analyzes what grows again and again: by its own measure each time for half a second, beside those who send."""
    server = phial.Server()
    prepare(server.client, CUSTOMERS[:1])
    load = Load([server], CUSTOMERS[:1])
    load.deliver(0, events_of(load, 'analyzed', 1000, load.customers), random.Random())
    longest, leaves = server.sql(
        'ANALYZE', """SELECT max(array_length(histogram_bounds::text::text[], 1)), count(*) FILTER (WHERE attname = 'leaf')
                      FROM pg_stats WHERE tablename ~ '^ledger_entry_[0-9]+$'""").split('|')
    assert 2 < int(longest) <= 11 and leaves == '0', (longest, leaves)
    print('passed analyzed_by_few_rows')
    server.remove()


def beyond_its_rate():
    server = phial.Server(environment={'PHIAL_LIMITS_REQUESTS_PER_SECOND': '2', 'PHIAL_LIMITS_BURST': '20'})
    prepare(server.client, CUSTOMERS[:2])
    load = Load([server], CUSTOMERS[:2])
    refused = 0
    for event in events_of(load, 'rated', 40, load.customers):
        while (answer := server.client.send('POST', '/v1/events', event, Prefer='return=representation')).status == 429:
            refused += 1
            assert answer.json['code'] == 'too_many_requests' and answer.headers['RateLimit'], answer
            time.sleep(int(answer.headers['Retry-After']))
        load.acknowledge([event], answer)
        assert answer.status == 201, answer  # what was refused was not stored
    assert refused > 0
    time.sleep(3)
    print('passed beyond_its_rate', reconcile(load, server.client, server.folder + '/ledger.pub.pem'), f'events, {refused} refusals')
    server.remove()


def main():
    for story in (full_queue, bounded_memory, answers_over_unfolded_entries, nobody_waits, a_change_is_paid_once, analyzed_by_few_rows,
                  beyond_its_rate):
        story()
    print('ok')


main()
