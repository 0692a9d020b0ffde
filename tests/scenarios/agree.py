#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""phial verify and a second verifier, which knows nothing but the description of the format, say the same: of genuine exports of every
shape, and of PHIAL_MUTATIONS changed ones, most of them signed again by somebody with the true key. T14 and T17."""
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import archive  # noqa: E402
import auditor  # noqa: E402
import phial  # noqa: E402
import tree  # noqa: E402
from shapes import Shapes  # noqa: E402

MUTATIONS = int(os.environ.get('PHIAL_MUTATIONS', '60'))


# ---- of the files, whoever signs them then

def flip(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]


def a_bit(rng, files):
    name = rng.choice([name for name, data in files.items() if data and name not in archive.SIGNED and not name.endswith('.pdf')])
    return dict(files, **{name: flip(rng, files[name])})


def a_file_more(rng, files):
    return dict(files, **{rng.choice(['extra.txt', 'invoices/2026-000099.json', 'entries.ndjson.bak']): b'{}\n'})


def a_file_less(rng, files):
    gone = rng.choice([name for name in files if name not in archive.SIGNED])
    return {name: data for name, data in files.items() if name != gone}


def the_manifest(rng, files):
    told = json.loads(files['manifest.json'])
    member = rng.choice(['format', 'server', 'customer', 'from_index', 'to_index', 'size', 'root', 'entries'])
    told[member] = told[member] + 1 if isinstance(told[member], int) else 'x' + told[member]
    return dict(files, **{'manifest.json': archive.canonical(told)})


def the_proof(rng, files):
    proof = json.loads(files['proof.json'])
    nodes = proof['nodes']
    how = rng.randrange(4)
    if how == 0 or not nodes:
        nodes.append({'from': 0, 'to': 1, 'hash': tree.base(bytes(32))})
    elif how == 1:
        nodes.pop()
    elif how == 2:
        nodes[0]['hash'] = tree.base(flip(rng, tree.unbase(nodes[0]['hash'])))
    else:
        nodes[-1]['to'] += 1
    return dict(files, **{'proof.json': archive.canonical(proof)})


def the_consistency(rng, files):
    proof = json.loads(files['proof.json'])
    hashes = proof.setdefault('consistency', {'from': 1, 'proof': []})['proof']
    if hashes and rng.random() < 0.5:
        hashes.pop(rng.randrange(len(hashes)))
    else:
        hashes.insert(rng.randrange(len(hashes) + 1), tree.base(rng.randbytes(32)))
    return dict(files, **{'proof.json': archive.canonical(proof)})


def the_checkpoint(rng, files):
    name = rng.choice(['checkpoint', 'checkpoint.body', 'checkpoint.sig'])
    data = files[name]
    changed = rng.choice([flip(rng, data), data[:-1], data + b'\n', data.replace(b'\n', b'\n0', 1), data.replace(b'/ledger/', b'/ledger/x')])
    return dict(files, **{name: changed})


def a_statement(rng, files):
    names = [name for name in files if re.fullmatch(r'invoices/.*\.json', name)]
    if not names:
        return a_file_more(rng, files)
    name = rng.choice(names)
    statement = json.loads(files[name])
    statement[rng.choice(['total', 'subtotal', 'number', 'currency'])] = '1.00'
    return dict(files, **{name: archive.canonical(statement)})


FILES = (a_bit, a_file_more, a_file_less, the_manifest, the_proof, the_consistency, the_checkpoint, a_statement)


# ---- of the entries, with a tree and a checkpoint made for them

def entry_of(lines, rng, *kinds):
    found = [n for n, line in enumerate(lines) if json.loads(line)['kind'] in kinds]
    return rng.choice(found) if found else None


def a_quantity(rng, lines):
    n = entry_of(lines, rng, 'usage')
    entry = json.loads(lines[n])
    entry['event']['quantity'] = rng.choice(['7', '7.5', '7.0', '07', '-0', '1e3', '', '7.1234567890123'])
    lines[n] = archive.canonical(entry)


def left_out(rng, lines):
    del lines[rng.randrange(len(lines))]


def twice(rng, lines):
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))


def swapped(rng, lines):
    n = rng.randrange(max(1, len(lines) - 1))
    lines[n:n + 2] = reversed(lines[n:n + 2])


def dated(rng, lines):
    n = rng.randrange(len(lines))
    entry = json.loads(lines[n])
    entry['at'] = rng.choice(['2025-01-01T00:00:00.000000Z', '2034-01-01T00:00:00.000000Z', entry['at'][:-1], entry['at'].replace('Z', '+00:00')])
    lines[n] = archive.canonical(entry)


def a_member(rng, lines):
    n = rng.randrange(len(lines))
    entry = json.loads(lines[n])
    how = rng.randrange(6)
    if how == 0:
        entry['note'] = 'x'
    elif how == 1:
        del entry[rng.choice(list(entry))]
    elif how == 2:
        entry['v'] = rng.choice([2, '1', 1.5])
    elif how == 3:
        entry['kind'] = rng.choice(['usage', 'void', 'nothing'])
    elif how == 4:
        entry['customer'] = 'other'
    else:
        entry['actor'] = None
    lines[n] = archive.canonical(entry)


def spelled(rng, lines):
    """The same in other bytes."""
    n = rng.randrange(len(lines))
    entry = json.loads(lines[n])
    other = [json.dumps(entry, sort_keys=True).encode(), b' ' + lines[n], lines[n] + b'\r', lines[n].replace(b'"v":1', b'"v":1,"v":1'),
             lines[n].replace(b'"kind"', b'"\\u006bind"'), lines[n].replace(b'"v":1', b'"v":1.0'),
             json.dumps(dict(reversed(list(entry.items()))), separators=(',', ':'), ensure_ascii=False).encode(), b'']
    lines[n] = rng.choice(other)


def a_correction(rng, lines):
    """One more at the end, as it should be or nearly so."""
    n = rng.randrange(len(lines))
    at, customer = (json.loads(lines[-1])[name] for name in ('at', 'customer'))
    entry = {'actor': 'key:x', 'at': at, 'customer': customer, 'kind': 'void', 'reason': 'agreed', 'v': 1,
             'ref': {'index': n, 'leaf': tree.base(tree.leaf_hash(lines[n]))}}
    if rng.random() < 0.5:
        entry.update(kind='amend', set=rng.choice([{'quantity': '3'}, {'time': '2026-01-12T00:00:00.000000Z'}, {}, {'id': 'x'}, {'quantity': '3.0'}]))
    how = rng.randrange(6)
    if how == 0:
        entry['ref']['index'] = rng.choice([n + 1, -1, len(lines), str(n)])
    elif how == 1:
        entry['ref']['leaf'] = rng.choice([tree.base(rng.randbytes(32)), entry['ref']['leaf'].rstrip('='), ''])
    elif how == 2:
        entry['reason'] = ''
    lines.append(archive.canonical(entry))
    if rng.random() < 0.2:
        lines.append(lines[-1])


ENTRIES = (a_quantity, left_out, twice, swapped, dated, a_member, spelled, a_correction)


def rebilled(rng, files, lines):
    """An event is counted otherwise, or a line says something else, and each statement is made to fit the tree: only who counts sees it."""
    n = entry_of(lines, rng, 'usage', 'invoice')
    entry = json.loads(lines[n])
    if entry['kind'] == 'usage':
        entry['event']['quantity'] = rng.choice(['1', '2', entry['event']['quantity']])
    else:
        line = rng.choice(entry['invoice']['lines'])
        line['quantity'] = rng.choice(['5', '6', line['quantity']])
    lines[n] = archive.canonical(entry)
    files = dict(files)
    for m, data in enumerate(lines):
        entry = json.loads(data)
        if entry['kind'] == 'invoice':
            hashes = [tree.leaf_hash(line) for line in lines[:entry['invoice']['ledger']['size']]]
            entry['invoice']['ledger']['root'] = tree.base(tree.root_of(hashes))
            lines[m] = archive.canonical(entry)
            files[f'invoices/{entry["invoice"]["number"]}.json'] = archive.canonical(entry['invoice'])
        if entry['kind'] in ('void', 'amend'):
            entry['ref']['leaf'] = tree.base(tree.leaf_hash(lines[entry['ref']['index']]))
            lines[m] = archive.canonical(entry)
    return files, lines


class Mutants:
    def __init__(self, shapes):
        self.shapes = {name: (archive.read(path), key) for name, (path, key) in shapes.made.items()}
        self.forger = archive.Forger(shapes.server.folder + '/ledger.key.pem')
        self.first = archive.Forger(shapes.server.folder + '/first.key.pem')

    def one(self, rng):
        """What was done, the files, and the key that holds."""
        name = rng.choice(list(self.shapes))
        files, key = self.shapes[name]
        forger = self.forger if name == 'rotated' else self.first
        whole = json.loads(files['manifest.json'])['from_index'] == 0 and name not in ('part', 'empty')
        if not whole or rng.random() < 0.3:
            how = rng.choice(FILES)
            changed = how(rng, files)
            signing = rng.choice([lambda f: f, archive.summed, forger.signs, forger.signs])
            return f'{name}, {how.__name__}', signing(changed), key
        lines = archive.lines_of(files)
        files = {n: data for n, data in files.items() if n != 'proof.json'} | {'proof.json': b'{"nodes":[]}'}
        if rng.random() < 0.25:
            files, lines = rebilled(rng, files, lines)
            return f'{name}, rebilled', forger.forge(files, lines), key
        how = rng.choice(ENTRIES)
        how(rng, lines)
        return f'{name}, {how.__name__}', forger.forge(files, lines), key


def genuine(shapes):
    for name, (path, key) in shapes.made.items():
        code, said = phial.verify(path, key)
        assert code == 0, (name, said)
        ours = auditor.verdict(archive.read(path), key)
        assert ours is None, (name, ours)
    below, since = (auditor.Export(archive.read(shapes.made[name][0]), shapes.key_of(name)) for name in ('above', 'since'))
    assert since.prefix(below.size) == below.root  # what the proof says, and the entries too


def mutants(shapes, count):
    made, folder, verdicts, differing = Mutants(shapes), shapes.server.folder, {True: 0, False: 0}, []
    for seed in range(count):
        what, files, key = made.one(random.Random(seed))
        code, said = phial.verify(archive.write(folder + '/mutant.tar', files), key)
        ours = auditor.verdict(files, key)
        if (code == 0) != (ours is None):
            differing.append(f'mutant {seed}: {what}\nthe second verifier: {ours or "holds"}\nphial verify: {said}')
        verdicts[code == 0] += 1
    print(count, 'changed archives:', verdicts[False], 'refused and', verdicts[True], 'accepted, by both')
    assert not differing, '\n'.join(differing)
    assert verdicts[True] > count // 50 and verdicts[False] > count // 2, verdicts


def main():
    shapes = Shapes()
    genuine(shapes)
    mutants(shapes, MUTATIONS)
    shapes.remove()
    print('ok')


if __name__ == '__main__':
    main()
