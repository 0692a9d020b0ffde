# SPDX-License-Identifier: Apache-2.0
"""An export verified by somebody who has read the description of the format and nothing else: Python's library, openssl for signatures.
What it rates are plans of counts, sums and distinct values, by unit and graduated, with late usage; another plan is beyond it."""
import hashlib
import json
import re
import subprocess
import tempfile
from decimal import ROUND_HALF_UP, Decimal

import archive
import tree

KINDS = ('usage', 'void', 'amend', 'plan', 'subscription', 'invoice', 'credit_note', 'adjustment', 'key', 'erasure', 'retention')
NEEDED = ('manifest.json', 'entries.ndjson', 'checkpoint', 'checkpoint.body', 'checkpoint.sig', 'proof.json', 'SHA256SUMS', 'SHA256SUMS.sig',
          'ledger.pub.pem', 'VERIFY.md')
AT = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z')
DECIMAL = re.compile(r'(?!-0$)-?(0|[1-9][0-9]{0,17})(\.[0-9]{0,11}[1-9])?')
TAGGED = {'usage': 'event', 'void': 'ref', 'amend': 'ref'}


class Refused(Exception):
    pass


def require(holds, why):
    if not holds:
        raise Refused(why)


def unbase(text, size=None):
    try:
        data = tree.unbase(text)
    except (ValueError, TypeError, AttributeError) as e:
        raise Refused('not base64') from e
    require(tree.base(data) == text and size in (None, len(data)), 'not base64 of its length')
    return data


def parsed(data):
    def once(pairs):
        require(len(dict(pairs)) == len(pairs), 'a name twice')
        return dict(pairs)
    try:
        return json.loads(data, object_pairs_hook=once)
    except (ValueError, UnicodeDecodeError) as e:
        raise Refused('not JSON') from e


def signature_holds(key, data, signature):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (('data', data), ('sig', signature)):
            with open(f'{folder}/{name}', 'wb') as f:
                f.write(content)
        return subprocess.run(['openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', key, '-in', folder + '/data', '-sigfile',
                               folder + '/sig'], capture_output=True).returncode == 0


class Export:
    """Raises Refused at the first fault."""

    def __init__(self, files, key):
        self.files, self.key = files, key
        self.check_files()
        self.check_checkpoint()
        self.check_tree()
        self.check_entries()
        self.check_statements()

    # ---- files and signatures

    def check_files(self):
        files = self.files
        for name in NEEDED:
            require(name in files, 'a file is missing: ' + name)
        sums = {}
        for line in files['SHA256SUMS'].decode('ascii', 'replace').splitlines(keepends=True):
            found = re.fullmatch(r'([0-9a-f]{64})  ([^\n]+)\n', line)
            require(found and found[2] not in sums, 'SHA256SUMS')
            sums[found[2]] = found[1]
        require(set(sums) == set(files) - set(archive.SIGNED), 'SHA256SUMS lists other files')
        for name, total in sums.items():
            require(hashlib.sha256(files[name]).hexdigest() == total, 'the sum of ' + name)
        require(len(files['SHA256SUMS.sig']) == 64 and signature_holds(self.key, files['SHA256SUMS'], files['SHA256SUMS.sig']), 'SHA256SUMS.sig')
        with open(self.key, 'rb') as f:
            require(f.read() == files['ledger.pub.pem'], 'another key')

    def check_checkpoint(self):
        files, told = self.files, parsed(self.files['manifest.json'])
        body = files['checkpoint.body']
        require(files['checkpoint'].startswith(body + b'\n'), 'checkpoint.body')
        try:
            origin, size, root, end = body.decode().split('\n')
            lines = files['checkpoint'][len(body) + 1:].decode().split('\n')
        except (ValueError, UnicodeDecodeError) as e:
            raise Refused('checkpoint') from e
        require(end == '' and re.fullmatch('0|[1-9][0-9]*', size) and lines.pop() == '' and lines, 'checkpoint')
        blobs = [line.split(' ')[2] for line in lines if re.fullmatch(r'\u2014 [^ ]+ [^ ]+', line) and line.split(' ')[1] == origin]
        require(any(unbase(blob)[4:] == files['checkpoint.sig'] for blob in blobs), 'checkpoint.sig is not of the note')
        require(len(files['checkpoint.sig']) == 64 and signature_holds(self.key, body, files['checkpoint.sig']), 'checkpoint.sig')
        self.size, self.root = int(size), unbase(root, 32)
        require(told.get('format') == 'phial-export/1', 'format')
        require(origin == f'{told.get("server")}/ledger/{told.get("customer")}', 'origin')
        require(told.get('size') == self.size and told.get('root') == root, 'the manifest states another tree')
        self.customer, self.begin, self.end, self.told = told['customer'], told.get('from_index'), told.get('to_index'), told
        for bound in (self.begin, self.end, told.get('entries')):
            require(isinstance(bound, int), 'bounds')
        require(0 <= self.begin <= self.end <= self.size and told['entries'] == self.end - self.begin, 'bounds')

    # ---- the tree

    def check_tree(self):
        data = self.files['entries.ndjson']
        require(data == b'' or data.endswith(b'\n'), 'the last line is cut')
        self.lines = data.split(b'\n')[:-1]
        require(len(self.lines) == self.end - self.begin, 'not as many entries as the range has')
        self.hashes = [tree.leaf_hash(line) for line in self.lines]
        proof = parsed(self.files['proof.json'])
        require(isinstance(proof, dict) and isinstance(proof.get('nodes'), list), 'proof.json')
        wanted = [*tree.cover(0, self.begin, self.size), *tree.cover(self.end, self.size, self.size)]
        require([(node.get('from'), node.get('to')) for node in proof['nodes']] == wanted, 'the nodes are not those that the range needs')
        self.nodes = {(node['from'], node['to']): unbase(node.get('hash'), 32) for node in proof['nodes']}
        require(self.prefix(self.size) == self.root, 'the root')
        if 'consistency' in proof:
            self.check_consistency(proof['consistency'])

    def check_consistency(self, consistency):
        """Where the older size lies in the range its root is known; else what it says must at least lead to this root."""
        older, hashes = consistency.get('from'), [unbase(h, 32) for h in consistency.get('proof')]
        require(isinstance(older, int) and 0 < older <= self.size, 'consistency')
        root = self.prefix(older)
        if root is not None:
            require(tree.roots_of_consistency(older, root, self.size, hashes) == (root, self.root), 'consistency')

    def prefix(self, size):
        """The root over the first `size` leaves; None where it needs hashes that are not here."""
        def root(begin, end):
            if (begin, end) in self.nodes:
                return self.nodes[begin, end]
            if begin >= self.begin and end <= self.end:
                return tree.root_of(self.hashes[begin - self.begin:end - self.begin])
            if end - begin == 1:
                return None
            half = tree.half_of(end - begin)
            left, right = root(begin, begin + half), root(begin + half, end)
            return None if left is None or right is None else tree.node(left, right)
        return tree.root_of([]) if size == 0 else root(0, size)

    # ---- entries

    def check_entries(self):
        self.events, self.identities, self.plans, self.subscriptions, self.statements, last = {}, set(), {}, {}, [], ''
        for index, line in enumerate(self.lines, self.begin):
            entry = parsed(line)
            require(isinstance(entry, dict) and archive.canonical(entry) == line and len(line) <= 65535, f'entry {index} is not canonical')
            no_floats(entry)
            kind = entry.get('kind')
            require(kind in KINDS and entry.get('customer') == self.customer and entry.get('v') == 1, f'entry {index}')
            tagged = {'actor', 'at', 'customer', 'kind', 'v', TAGGED.get(kind, kind)}
            tagged |= {'void': {'reason'}, 'amend': {'reason', 'set'}}.get(kind, set())
            require(set(entry) == tagged, f'entry {index}: its members')
            require(AT.fullmatch(entry['at']) and entry['at'] >= last, f'entry {index}: at')
            last = entry['at']
            getattr(self, 'take_' + kind, lambda *_: None)(index, entry)

    def take_usage(self, index, entry):
        event = entry['event']
        require(set(event) == {'id', 'properties', 'quantity', 'source', 'time', 'type'}, f'entry {index}: its event')
        require(DECIMAL.fullmatch(event['quantity']) and AT.fullmatch(event['time']), f'entry {index}: quantity or time')
        identity = (event['source'], event['id'])
        require(identity not in self.identities, f'entry {index}: the identity is there already')
        self.identities.add(identity)
        self.events[index] = {'event': event, 'changes': [], 'void': None}

    def referred(self, index, entry):
        ref = entry['ref']
        require(set(ref) == {'index', 'leaf'} and isinstance(ref['index'], int) and ref['index'] < index, f'entry {index}: ref')
        require(isinstance(entry['reason'], str) and 0 < len(entry['reason']) <= 500, f'entry {index}: reason')
        leaf = unbase(ref['leaf'], 32)
        if ref['index'] < self.begin:
            return None
        require(leaf == self.hashes[ref['index'] - self.begin], f'entry {index}: ref.leaf')
        event = self.events.get(ref['index'])
        require(event is not None and event['void'] is None, f'entry {index}: it refers to no live event')
        return event

    def take_void(self, index, entry):
        event = self.referred(index, entry)
        if event:
            event['void'] = index

    def take_amend(self, index, entry):
        event, change = self.referred(index, entry), entry['set']
        require(change and set(change) <= {'quantity', 'properties', 'time'}, f'entry {index}: set')
        require(DECIMAL.fullmatch(change.get('quantity', '0')) and AT.fullmatch(change.get('time', entry['at'])), f'entry {index}: set')
        if event:
            event['changes'].append((index, change))

    def take_plan(self, _, entry):
        self.plans[entry['plan']['key'], entry['plan']['version']] = entry['plan']

    def take_subscription(self, _, entry):
        self.subscriptions[entry['subscription']['id']] = entry['subscription']

    def take_invoice(self, index, entry):
        if 'ledger' in entry['invoice']:  # else it tells of one that was voided
            self.statements.append((index, entry['invoice']))

    # ---- statements

    def effective(self, index, size):
        """The event as of a prefix; None where it is void."""
        kept = self.events[index]
        if kept['void'] is not None and kept['void'] < size:
            return None
        event = dict(kept['event'])
        for at, change in kept['changes']:
            if at < size:
                event.update({**change, 'properties': {**event['properties'], **change.get('properties', {})}})
        return event

    def check_statements(self):
        files = {name: parsed(data) for name, data in self.files.items() if re.fullmatch(r'invoices/[^/]+\.json', name)}
        billed = {}
        require(len(files) == len(self.statements), 'not one file a statement')
        for index, statement in self.statements:
            copy = files.get(f'invoices/{statement["number"]}.json', {})
            require({k: v for k, v in copy.items() if k != 'payment_status'} == statement, f'entry {index}: its file')
            ledger = statement['ledger']
            require(ledger['customer'] == self.customer and 0 <= ledger['size'] <= index, f'entry {index}: ledger')
            root = self.prefix(ledger['size'])
            require(root is None or tree.base(root) == ledger['root'], f'entry {index}: ledger.root')
            if self.begin == 0:
                self.recount(index, statement, billed)

    def recount(self, index, statement, billed):
        plan = self.plans[statement['plan']['key'], statement['plan']['version']]
        require(statement['subscription'] in self.subscriptions, f'entry {index}: subscription')
        size, period = statement['ledger']['size'], statement['period']
        want = []
        for charge in plan['charges']:
            quantity, exact = self.rate(plan, charge, period, size)
            want.append(('usage', charge['key'], period['start'], quantity, money(exact)))
            billed[period['number'], charge['key']] = money(exact)
        for number, earlier in sorted((s['period']['number'], s['period']) for at, s in self.statements if at < index):
            for charge in plan['charges']:
                difference = money(self.rate(plan, charge, earlier, size)[1]) - billed[number, charge['key']]
                if difference:
                    want.append(('adjustment', charge['key'], earlier['start'], Decimal(1), difference))
                    billed[number, charge['key']] += difference
        said = [(line['kind'], line['key'], line['period']['start'], Decimal(line['quantity']), Decimal(line['amount'])) for line in statement['lines']]
        require(said == want, f'entry {index}: its lines are not what its events come to')
        subtotal = sum(line[4] for line in want)
        taxes = [(tax['percent'], tax['base'], tax['amount']) for tax in statement['tax']]
        require(statement['subtotal'] == str(subtotal), f'entry {index}: subtotal')
        tax = money(subtotal * Decimal('8.25') / 100)
        require(taxes == [('8.25', str(subtotal), str(tax))], f'entry {index}: tax')
        require(statement['total'] == statement['amount_due'] == str(subtotal + tax), f'entry {index}: total')
        require(statement['credits'] == statement['discounts'] == '0.00', f'entry {index}: credits')

    def rate(self, plan, charge, period, size):
        metric = plan['metrics'][charge['metric']]
        events = [self.effective(index, size) for index in self.events if index < size]
        events = [e for e in events if e and e['type'] in metric['event_types'] and period['start'] <= e['time'] < period['end']]
        if metric['aggregation'] == 'unique':
            quantity = Decimal(len({e['properties'][metric['property']] for e in events if metric['property'] in e['properties']}))
        else:
            quantity = sum((Decimal(e['quantity']) for e in events), Decimal(0)) if metric['aggregation'] == 'sum' else Decimal(len(events))
        if charge['model'] == 'per_unit':
            return quantity, quantity * Decimal(charge['unit_amount'])
        exact, below = Decimal(0), Decimal(0)
        for tier in charge['tiers']:
            top = Decimal(tier['up_to']) if 'up_to' in tier else quantity
            if quantity > below:
                exact += (min(quantity, top) - below) * Decimal(tier['unit_amount']) + Decimal(tier['flat_amount'])
            below = top
        return quantity, exact


def money(exact):
    return exact.quantize(Decimal('0.01'), ROUND_HALF_UP)


def no_floats(value):
    require(not isinstance(value, float) and value is not None, 'a float, or null')
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        require(isinstance(name, int) or re.fullmatch('[A-Za-z0-9_.-]+', name), 'a name')
        no_floats(part)


def verdict(files, key):
    """None where nothing is wrong, else what."""
    try:
        Export(files, key)
    except Refused as refused:
        return str(refused)
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as e:
        return f'not as described: {type(e).__name__} {e}'
    return None

