# SPDX-License-Identifier: Apache-2.0
"""What a reader of published tables can find out. Of one: an exact solver over whole numbers, which knows what the answer shows, what the
labels say and that every total is the sum of its parts; nothing of how cells were chosen. Of several: whatever adding and subtracting
yields."""
import itertools

ENDLESS = 10 ** 15


class Table:
    """The cells of an answer of GET /v1/reports/utilization, keyed by their values; None is a dimension's total."""

    def __init__(self, answer):
        self.by, self.threshold = answer['by'], answer['report_threshold']
        self.labels = {tuple(cell['by'].get(name) for name in self.by): cell['count'] for cell in answer['cells']}
        assert len(self.labels) == len(answer['cells'])
        values = [sorted({key[i] for key in self.labels if key[i] is not None}) for i in range(len(self.by))]
        assert set(self.labels) == set(itertools.product(*[[None] + one for one in values])), 'a cell or a total is missing'
        self.sums = [(key, [key[:i] + (value,) + key[i + 1:] for value in values[i]])
                     for key in self.labels for i in range(len(self.by)) if key[i] is None and values[i]]

    def bounds(self):
        small = f'<{self.threshold}'
        return {key: (1, self.threshold - 1) if label == small else (self.threshold, ENDLESS) if label == '*' else (int(label),) * 2
                for key, label in self.labels.items()}

    def narrow(self, at):
        moved = True
        while moved:
            moved = False
            for total, parts in self.sums:
                low, high = sum(at[p][0] for p in parts), sum(at[p][1] for p in parts)
                news = [(total, low, high)] + [(p, at[total][0] - high + at[p][1], at[total][1] - low + at[p][0]) for p in parts]
                for key, least, most in news:
                    now = max(at[key][0], least), min(at[key][1], most)
                    if now != at[key]:
                        if now[0] > now[1]:
                            return False
                        at[key], moved = now, True
        return True

    def complete(self, at):
        if not self.narrow(at):
            return None
        open_keys = [key for key, (low, high) in at.items() if low < high]
        if not open_keys:
            return {key: low for key, (low, _) in at.items()}
        key = min(open_keys, key=lambda k: at[k][1] - at[k][0])
        low, high = at[key]
        middle = (low + high) // 2
        for value in sorted(range(max(low, middle - 40), min(high, middle + 40) + 1), key=lambda v: abs(v - middle)):
            found = self.complete({**at, key: (value, value)})
            if found:
                return found
        return None

    def broken(self):
        """The withheld cells that could be fewer values than they should: three for a small figure, two for another."""
        found, known = [], []
        bounds = self.bounds()
        for key, label in self.labels.items():
            if label[0] not in '<*':
                continue
            wanted = 2 if label == '*' else min(3, self.threshold - 1)
            values = {table[key] for table in known}
            narrowed = dict(bounds)
            assert self.narrow(narrowed), 'the table cannot be true'
            low, high = narrowed[key]
            for value in range(low, min(high, low + 50) + 1):
                if len(values) >= wanted:
                    break
                table = self.complete({**bounds, key: (value, value)}) if value not in values else None
                if table:
                    known.append(table)
                    values.add(value)
            if len(values) < wanted:
                found.append((key, label, sorted(values)))
        return found

    def share(self):
        """Withheld, and all, of the figures that are not small."""
        larger = [label for label in self.labels.values() if label[0] != '<']
        return sum(label == '*' for label in larger), len(larger)


PRIME = (1 << 61) - 1


class Subtraction:
    """Answers of several times and customers; each is of some atoms, parts that none of them divides: `take(answer, ['oct', 'nov'])`. Of
    what there is nothing, (atom, values), is no secret: whoever asks is told."""

    def __init__(self, nothing):
        self.nothing = nothing
        self.taken = []
        self.rows = {}  # of shown figures, each without the leading unknowns of the others

    def unknowns(self, key, leaves, atoms):
        return {(atom, leaf): 1 for atom in atoms for leaf in leaves if all(k in (None, v) for k, v in zip(key, leaf))}

    def reduced(self, row):
        """What is left of a row beside those that are known; nothing is left of what follows from them."""
        row = dict(row)
        for lead in sorted(self.rows):
            factor = row.get(lead, 0)
            if factor:
                for name, value in self.rows[lead].items():
                    row[name] = (row.get(name, 0) - factor * value) % PRIME
        return {name: value for name, value in row.items() if value}

    def learn(self, row):
        left = self.reduced(row)
        if left:
            lead = min(left)
            inverse = pow(left[lead], -1, PRIME)
            self.rows[lead] = {name: value * inverse % PRIME for name, value in left.items()}

    def take(self, answer, atoms):
        self.taken.append((Table(answer), atoms))

    def computable(self):
        """The withheld figures that follow from the shown ones, but for those that did before anybody asked for their table."""
        leaves = sorted({key for table, _ in self.taken for key in table.labels if None not in key})
        self.rows, guarded = {}, []
        for unknown in self.nothing:
            self.learn({unknown: 1})
        for table, atoms in self.taken:
            rows = {key: (table.labels.get(key, '0'), self.unknowns(key, leaves, atoms)) for key in set(table.labels) | set(leaves)}
            guarded += [(atoms, key, label, row) for key, (label, row) in rows.items() if label[0] in '<*' and self.reduced(row)]
            for label, row in rows.values():
                if label[0] not in '<*':
                    self.learn(row)
        return [(atoms, key, label) for atoms, key, label, row in guarded if not self.reduced(row)]
