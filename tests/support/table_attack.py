# SPDX-License-Identifier: Apache-2.0
"""What a reader of a published table can find out: an exact solver over whole numbers. It knows what the answer shows, what the labels say
and that every total is the sum of its parts; nothing of how cells were chosen."""
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
