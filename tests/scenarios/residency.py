#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A month where there is no way out: a network namespace with nothing but its loopback. From the pack to the verified export it
works, and no packet was even tried to anywhere else. What docs/guides/residency.md promises."""
import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import pack_months  # noqa: E402
import phial  # noqa: E402

NEW_NETWORK, NEW_USER, SKIPPED = 0x40000000, 0x10000000, 77
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1


def leave_the_network():
    """This process and its children; False where the system does not let anybody but root."""
    root, uid, gid = os.getuid() == 0, os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK if root else NEW_NETWORK | NEW_USER) != 0:
        return False
    if not root:
        for name, text in (('setgroups', 'deny'), ('uid_map', f'{uid} {uid} 1'), ('gid_map', f'{gid} {gid} 1')):
            with open('/proc/self/' + name, 'w') as f:
                f.write(text)
    with socket.socket() as s:
        name, flags = struct.unpack('16sh', fcntl.ioctl(s, GET_FLAGS, struct.pack('16sh', b'lo', 0)))
        fcntl.ioctl(s, SET_FLAGS, struct.pack('16sh', name, flags | UP))
    return True


def tried():
    """What the kernel counts of this namespace: packets that had no route, and datagrams of any kind, such as a question for a name."""
    with open('/proc/net/snmp') as f:
        lines = [line.split() for line in f]
    counts = {(names[0], name): int(value) for names, values in zip(lines[::2], lines[1::2]) for name, value in zip(names[1:], values[1:])}
    return counts['Ip:', 'OutNoRoutes'], counts['Udp:', 'OutDatagrams']


def no_way_out():
    """Nothing but the loopback, and an attempt would be counted."""
    with open('/proc/net/route') as f:
        assert len(f.readlines()) == 1
    before = tried()
    with socket.socket() as s:
        assert s.connect_ex(('192.0.2.1', 443)) == errno.ENETUNREACH
    assert tried()[0] == before[0] + 1, (before, tried())
    return tried()


def month(c, server):
    m = pack_months.Month('telehealth')
    expected = pack_months.telehealth(m)
    c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-10-01T00:00:00Z'}, 200)
    subprocess.run([phial.PHIAL, 'pack', 'apply', 'telehealth', '--url', server.url, '--key', server.key], check=True, stdout=subprocess.DEVNULL)
    c.put('/v1/customers/' + m.customer, {'name': 'Clinic', 'currency': 'USD', 'time_zone': str(m.zone)})
    c.post('/v1/subscriptions', {'customer': m.customer, 'plan': 'telehealth', 'start': m.day(10, 1).isoformat()})
    c.post('/v1/webhooks', {'url': 'https://collector.example.com/in', 'types': ['invoice.issued', 'event.rejected']})
    c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-11-01T09:00:00Z'}, 200)
    events = [m.body(e) for e in m.of(10, 'consultation.completed', 'message.answered')]
    assert c.post('/v1/events', events, 200)['accepted'] == len(events)
    c.put('/v1/test-clock', {'now': f'{pack_months.YEAR}-11-03T09:00:00Z'}, 200)
    invoice = c.get(f'/v1/invoices?customer={m.customer}')['data'][0]['id']
    lines = {line['key']: float(line['quantity']) for line in c.get('/v1/invoices/' + invoice)['lines']}
    assert all(lines[key] == quantity for key, quantity in expected(10).items()), lines
    assert c.expect(200, 'GET', f'/v1/invoices/{invoice}.pdf').bytes.startswith(b'%PDF-')
    code, said = phial.verify(phial.export(c, server.folder, {'customer': m.customer, 'purpose': 'residency'}), server.folder + '/ledger.pub.pem')
    assert code == 0 and 'VERIFIED' in said, said


if not leave_the_network():
    if os.getuid() == 0:
        sys.exit('root could not leave the network')
    print('skipped: this user may not make a network namespace')
    sys.exit(SKIPPED)
before = no_way_out()
server = phial.Server('--test-clock')
month(server.client, server)
server.stop()
assert tried() == before, (before, tried())
server.remove()
print('a month without a route, and no packet that wanted one')
