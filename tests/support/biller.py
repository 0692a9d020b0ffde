# SPDX-License-Identifier: Apache-2.0
"""Invoices of random subscriptions, computed from the published rules alone with fractions: no code of the daemon's, no ledger. Days are
local dates, since every bound is a local midnight."""
import collections
import copy
import datetime
import fractions
import math
import zoneinfo

F = fractions.Fraction
DAY = datetime.timedelta(days=1)
DIGITS = {'USD': 2, 'EUR': 2, 'JPY': 0, 'KWD': 3}
MONTHS = {'month': 1, 'quarter': 3, 'half_year': 6, 'year': 12}

Line = collections.namedtuple('Line', 'kind key group start end amount')
Statement = collections.namedtuple('Statement', 'start end lines shares subtotal discounts tax total credits')


def rounded(exact, digits, even=False):
    """A number of the currency's smallest units: half away from zero, or half to even."""
    scaled = abs(exact) * 10**digits
    whole, rest = divmod(scaled, 1)
    if rest > F(1, 2) or (rest == F(1, 2) and (not even or whole % 2)):
        whole += 1
    return int(whole) if exact >= 0 else -int(whole)


def spread(amount, weights):
    """By largest remainder, a tie to the earlier."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    exact = [F(amount) * w / total for w in weights]
    shares = [math.floor(e) for e in exact]
    for i in sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))[:amount - sum(shares)]:
        shares[i] += 1
    return shares


# Periods ----------------------------------------------------------------------------------------------

def month_after(day, count, anchor_day):
    month = day.year * 12 + day.month - 1 + count
    first = datetime.date(month // 12, month % 12 + 1, 1)
    after = month + 1
    last = datetime.date(after // 12, after % 12 + 1, 1) - DAY
    return first.replace(day=min(anchor_day, last.day))


def bounds(subscription, interval):
    """The uncut periods from the one that holds the start on."""
    start, n = subscription['first'], 0
    if subscription['anchor'] == 'anniversary':
        while True:
            if interval == 'week':
                yield start + n * 7 * DAY, start + (n + 1) * 7 * DAY
            else:
                step = MONTHS[interval]
                yield month_after(start, n * step, start.day), month_after(start, (n + 1) * step, start.day)
            n += 1
    if interval == 'week':
        begin = start - start.weekday() * DAY
        while True:
            yield begin + n * 7 * DAY, begin + (n + 1) * 7 * DAY
            n += 1
    step = MONTHS[interval]
    begin = datetime.date(start.year, (start.month - 1) // step * step + 1, 1)
    while True:
        yield month_after(begin, n * step, 1), month_after(begin, (n + 1) * step, 1)
        n += 1


def periods(subscription):
    """(start, end, full days) of each, one after the other."""
    for begin, end in bounds(subscription, subscription['plan']['interval']):
        last = subscription.get('last')
        cut = min(end, last) if last else end
        part = max(begin, subscription['first'])
        if cut <= part:
            return
        yield part, cut, (end - begin).days


# Charges ----------------------------------------------------------------------------------------------

def matches(event, wanted):
    return all(event.get(name) == value for name, value in wanted.items())


def passes(event, filters):
    for f in filters:
        value = event.get(f['property'])
        if value is None or ('in' in f and value not in f['in']) or ('gte' in f and F(value) < F(f['gte'])):
            return False
    return True


def group_of(charge, event):
    return tuple(event.get(name) or '' for name in charge.get('group_by', ()))


class Window:
    """Events of one charge and group: those of some days, and all before."""

    def __init__(self, before, events, start, end):
        self.before, self.events, self.start, self.end = before, events, start, end  # instants


def measured(metric, window):
    """Rounded as the metric says: the whole, or the group."""
    quantity = CARRIED[metric['aggregation']](metric, window) if metric['aggregation'] in CARRIED else aggregated(metric, window.events)
    if 'round' not in metric:
        return quantity
    scale = F(10)**metric['round']['digits']
    mode = metric['round']['mode']
    whole = math.ceil(quantity * scale) if mode == 'ceil' else math.floor(quantity * scale) if mode == 'floor' else rounded(quantity * scale, 0)
    return whole / scale


def unique_new(metric, window):
    values = [{e[metric['property']] for e in events} for events in (window.events, window.before)]
    return F(len(values[0] - values[1]))


def switches(metric, window):
    """(at, value, added) of those that say so."""
    return [(e['at'], e[metric['property']], e['operation'] == 'add') for e in window.before + window.events if e.get('operation')]


def active(metric, window):
    on = {}
    for at, value, added in switches(metric, window):
        if at < window.start or (at == window.start and not added):
            on[value] = added
        elif added:
            on[value] = True
    return F(sum(on.values()))


def time_weighted(metric, window):
    area, level, on, last = F(0), F(0), {}, window.start
    steps = [(at, (value, added)) for at, value, added in switches(metric, window)] if 'property' in metric \
        else [(e['at'], F(e['quantity'])) for e in window.before + window.events]
    for at, step in steps:
        if at > window.start:
            area += level * seconds(last, at)
            last = at
        if 'property' in metric:
            on[step[0]] = step[1]
            level = F(sum(on.values()))
        else:
            level += step
    return (area + level * seconds(last, window.end)) / seconds(window.start, window.end)


def seconds(start, end):
    return int((end - start).total_seconds())


CARRIED = {'unique_new': unique_new, 'active': active, 'time_weighted': time_weighted}


def aggregated(metric, events):
    how = metric['aggregation']
    prop = metric.get('property')
    if how == 'count':
        return F(len(events))
    if how == 'unique':
        return F(len({e[prop] for e in events}))
    if how == 'unique_days':
        days = collections.Counter(value for value, _ in {(e[prop], e['day']) for e in events})
        return F(sum(metric['days'] <= count <= metric['max_days'] for count in days.values()))
    values = [F(e[prop] if prop else e['quantity']) for e in events]
    if how == 'sum':
        return sum((w * weight(metric, e) for w, e in zip(values, events)), F(0))
    if not values:
        return F(0)
    if how == 'percentile':
        return sorted(values)[math.ceil(len(values) * F(metric['percent']) / 100) - 1]
    return {'max': max, 'min': min, 'latest': lambda v: v[-1]}[how](values)


def weight(metric, event):
    weights = metric.get('weights')
    return F(weights['values'].get(event.get(weights['property']), weights['default'])) if weights else F(1)


def by_tiers(tiers, quantity, price, flat):
    """What is in each tier at its own price."""
    below, amount = F(0), F(0)
    for tier in tiers:
        top = F(tier['up_to']) if tier['up_to'] is not None else None
        inside = min(quantity, top) - below if top is not None else quantity - below
        if inside <= 0:
            break
        amount += price(tier) * inside + flat(tier)
        below = top
    return amount


def flat(tier):
    return F(tier.get('flat_amount', '0'))


def tier_of(tiers, quantity):
    return next(t for t in tiers if t['up_to'] is None or quantity <= F(t['up_to']))


def of_events(charge, amounts):
    """percentage: event by event in the order of time."""
    free, owed = F(charge.get('free_units', '0')), F(0)
    for amount in amounts:
        if amount <= 0:
            continue
        beyond = amount - min(free, amount)
        free -= amount - beyond
        if beyond > 0:
            fee = beyond * F(charge['rate']) / 100 + F(charge.get('fixed_amount', '0'))
            fee = max(fee, F(charge['minimum'])) if 'minimum' in charge else fee
            owed += min(fee, F(charge['maximum'])) if 'maximum' in charge else fee
    return owed


def by_outcome(charge, events):
    """Exclusive: a subject owes the first price in order that any of its events matches."""
    best = {}
    for event in events:
        place = cell_of(charge, event)
        if place is not None and event.get(charge['subject']) is not None:
            best[event[charge['subject']]] = min(place, best.get(event[charge['subject']], place))
    return sum((F(charge['prices'][place]['unit_amount']) for place in best.values()), F(0))


def cell_of(charge, event):
    return next((i for i, p in enumerate(charge['prices']) if matches(event, p['match'])), None)


def in_cells(charge, metric, events):
    """matrix: by the first price whose match holds, the default's cell last."""
    free, owed = F(charge.get('free_units', '0')), F(0)
    for place in [*range(len(charge['prices'])), None]:
        price = F(charge['prices'][place]['unit_amount'] if place is not None else charge.get('default', '0'))
        quantity = max(aggregated(metric, [e for e in events if cell_of(charge, e) == place]), F(0))
        taken = min(free, quantity)
        free -= taken
        owed += (quantity - taken) * price
    return owed


def beyond(quantity, free):
    return quantity - min(free, max(quantity, F(0)))


def priced(charge, quantity):
    """The models that go by the quantity alone; free units are off it already. Below zero is for per_unit only."""
    model = charge['model']
    if model == 'per_unit':
        return quantity * F(charge['unit_amount'])
    quantity = max(quantity, F(0))
    if model == 'package':
        return math.ceil(quantity / F(charge['package_size'])) * F(charge['amount'])
    if model == 'graduated':
        return by_tiers(charge['tiers'], quantity, lambda t: F(t['unit_amount']), flat)
    if model == 'graduated_percentage':
        return by_tiers(charge['tiers'], quantity, lambda t: F(t['rate']) / 100, flat)
    tier = tier_of(charge['tiers'], quantity)
    return flat(tier) + (quantity * F(tier['unit_amount']) if model == 'volume' else 0)


def owed(charge, metric, window, share, earlier=None):
    """The exact amount of one line. `earlier` is the window of the period before a change, where tiers go on."""
    model = charge['model']
    now = window.events
    then = earlier.events if earlier is not None else []
    if model == 'percentage':
        carried = metric.get('property', 'quantity')
        both, before = ([F(e[carried]) for e in events] for events in (then + now, then))
        return of_events(charge, both) - of_events(charge, before)
    if model == 'dynamic':
        amount = sum((F(e['amount']) for e in now if e.get('amount') is not None), F(0))
    elif model == 'outcome':
        amount = by_outcome(charge, then + now) - by_outcome(charge, then)
    elif model == 'matrix':
        amount = in_cells(charge, metric, then + now) - in_cells(charge, metric, then)
    else:
        free = F(charge.get('free_units', '0'))
        before = measured(metric, earlier) if earlier is not None else F(0)
        amount = priced(charge, beyond(before + measured(metric, window), free))
        if earlier is not None:
            amount -= priced(charge, beyond(before, free))
    scale = share if charge.get('prorate') else F(1)
    if 'minimum' in charge:
        amount = max(amount, F(charge['minimum']) * scale)
    if 'maximum' in charge:
        amount = min(amount, F(charge['maximum']) * scale)
    return amount


# Statements -------------------------------------------------------------------------------------------

class Biller:
    """What one subscription owes, statement by statement, until a day."""

    def __init__(self, customer, subscription, metrics, events):
        self.customer, self.subscription, self.metrics = customer, subscription, metrics
        self.events = sorted(events, key=lambda e: (e['at'], e['index']))
        self.digits = DIGITS[customer['currency']]
        self.zone = zoneinfo.ZoneInfo(customer['zone'])
        self.ahead = []  # lines of the statement before, with their discounts
        self.asked_ahead = False  # there was one
        self.first_days = {}  # by plan's name: its first billed day
        self.discounts = [dict(d, left=d.get('periods')) for d in customer['discounts']]
        self.credits = sorted((dict(c, left=int(F(c['amount']) * 10**self.digits)) for c in customer['credits']), key=lambda c: c['expires'])

    def segments(self, start, end):
        """Of a period: (plan, start, end, the first day billed, which is the end where all of it is trial)."""
        change = self.subscription.get('change')
        if change and start < change['day'] < end:
            parts = [(self.subscription['plan'], start, change['day']), (change['plan'], change['day'], end)]
        else:
            parts = [(change['plan'] if change and change['day'] <= start else self.subscription['plan'], start, end)]
        begins = self.subscription['first'] + int(self.subscription['plan'].get('trial_days', 0)) * DAY
        return [(plan, a, b, min(max(a, begins), b)) for plan, a, b in parts]

    def counted(self, charge):
        metric = self.metrics[charge['metric']]
        filters = metric.get('filters', []) + charge.get('filters', [])
        return [e for e in self.events if passes(e, filters) and e.get(metric.get('property', 'quantity')) is not None]

    def window(self, charge, start, end, group):
        chosen = [e for e in self.counted(charge) if group_of(charge, e) == group]
        return Window([e for e in chosen if e['day'] < start], [e for e in chosen if start <= e['day'] < end], *map(self.midnight, (start, end)))

    def midnight(self, day):
        return datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(datetime.timezone.utc)

    def usage(self, plan, start, end, share, previous):
        """A line a charge, or a group of one. `previous`: plan and days of the period's earlier segment."""
        lines = []
        for charge in plan['charges']:
            metric = self.metrics[charge['metric']]
            groups = sorted({group_of(charge, e) for e in self.counted(charge) if start <= e['day'] < end}) if charge.get('group_by') else [()]
            for group in groups:
                earlier = None
                if previous and (plan.get('tier_scope') == 'period' or charge['model'] == 'outcome') \
                        and any(c['key'] == charge['key'] for c in previous[0]['charges']):
                    # A group that had no line then begins its tiers now.
                    earlier = self.window(charge, *previous[1:], group)
                    earlier = None if charge.get('group_by') and not earlier.events else earlier
                amount = owed(charge, metric, self.window(charge, start, end, group), share, earlier)
                lines.append(Line('usage', charge['key'], group, start, end, rounded(amount, self.digits, plan.get('rounding') == 'half_even')))
        return lines

    def fixed(self, timing, start, end, full):
        """A period's fees of one timing. One that is due once stands in its plan's first billed segment."""
        lines = []
        for plan, _, end_of_segment, begins in self.segments(start, end):
            if begins == end_of_segment:
                continue
            share = F((end_of_segment - begins).days, full)
            first = self.first_days.setdefault(plan['name'], begins)
            for fee in plan['fixed']:
                if fee['timing'] == timing and (not fee['once'] or begins == first):
                    exact = F(fee['amount']) * (share if fee['prorate'] and not fee['once'] else 1)
                    lines.append(Line('fixed', fee['key'], (), begins, end_of_segment, rounded(exact, self.digits, plan.get('rounding') == 'half_even')))
        return lines

    def discount(self, lines, keys, even):
        """`keys`: what the statement's plans may charge for, whether anything was due or not."""
        shares = [0] * len(lines)
        total = 0
        for discount in self.discounts:
            if discount['left'] == 0:
                continue
            wanted = discount.get('charges', keys)
            if 'charges' in discount and not keys & set(wanted):
                continue
            chosen = [i for i, line in enumerate(lines) if line.key in wanted]
            left = [lines[i].amount - shares[i] for i in chosen]
            amount = rounded(sum(left) * F(discount['percent']) / 100, 0, even) if 'percent' in discount else int(F(discount['amount']) * 10**self.digits)
            amount = min(amount, sum(left)) if sum(left) > 0 else 0
            for i, share in zip(chosen, spread(amount, left)):
                shares[i] += share
            total += amount
            if discount['left'] is not None:
                discount['left'] -= 1
        return shares, total

    def limits(self, plan, start, end, share, lines, shares):
        """The plan's own lines, from the usage and fixed lines of its segment, those that were asked for ahead among them."""
        usage = sum(line.amount - s for line, s in zip(lines, shares) if line.kind == 'usage' and line.start == start)
        both = sum(line.amount - s for line, s in [*zip(lines, shares), *self.ahead] if line.start == start)
        unit = 10**self.digits
        made = []

        def add(kind, exact):
            amount = rounded(exact, 0, plan.get('rounding') == 'half_even')
            if amount:
                made.append(Line(kind, kind, (), start, end, amount))
        if 'minimum' in plan and both < F(plan['minimum']) * unit * share:
            add('minimum', F(plan['minimum']) * unit * share - both)
        if 'maximum' in plan and both > F(plan['maximum']) * unit * share:
            add('maximum', F(plan['maximum']) * unit * share - both)
        if 'commitment' in plan:
            promised = F(plan['commitment']['amount']) * unit * share
            if usage < promised:
                add('commitment', promised - usage)
            elif usage > promised:
                add('commitment', (usage - promised) * (F(plan['commitment']['overage_factor']) - 1))
        return made

    def statement(self, period, following):
        """Of one period, None for the opening one, with the fees that the following one asks for ahead."""
        lines, kept, previous = [], [], None
        for plan, begins, b, a in self.segments(*period[:2]) if period else ():
            if a == b:
                lines += [Line('usage', c['key'], (), begins, b, 0) for c in plan['charges'] if not c.get('group_by')]
                continue
            share = F((b - a).days, period[2])
            lines += self.usage(plan, a, b, share, previous)
            previous = (plan, a, b)
            kept.append((plan, a, b, share))
        lines += self.fixed('arrears', *period) if period else []
        lines.sort(key=lambda line: line.start)  # segment by segment, as an invoice has them: ties go by it
        lines += self.fixed('advance', *period) if period and not self.asked_ahead else []
        lines += self.fixed('advance', *following) if following else []
        plan = (self.segments(*(period or following)[:2]))[-1][0]
        even = plan.get('rounding') == 'half_even'  # the last segment's, of what is the whole statement's
        keys = {item['key'] for plan, *_ in (self.segments(*period[:2]) if period else ()) for item in plan['charges'] + plan['fixed']}
        keys |= {line.key for line in lines}
        shares, discounts = self.discount(lines, keys, even)
        limits = [line for segment in kept for line in self.limits(*segment, lines, shares)]
        self.ahead, self.asked_ahead = list(zip(lines, shares)), True
        subtotal = sum(line.amount for line in lines + limits)
        base = subtotal - discounts
        tax = [rounded(base * F(rate['percent']) / 100, 0, even) for rate in self.customer['rates']]
        total = base + sum(tax)
        credits = 0
        for credit in self.credits:
            taken = max(0, min(credit['left'], total - credits))
            credit['left'] -= taken
            credits += taken
        start, end = (period or (following[0], following[0]))[:2]
        return Statement(start, end, lines + limits, shares + [0] * len(limits), subtotal, discounts, tax, total, credits)

    def asked(self, until):
        """The statements by what each is of: (its period, the one that it asks for ahead)."""
        known = periods(self.subscription)
        begun = next(known, None)
        if begun and any(fee['timing'] == 'advance' for fee in self.segments(*begun[:2])[0][0]['fixed']):
            yield None, begun
        while begun and begun[1] <= until:
            following = next(known, None)
            yield begun, following
            begun = following

    def statements(self, until):
        return [self.statement(*of) for of in self.asked(until)]

    def corrections(self, until, late, gone):
        """What each statement owes more, or less, than was billed, when events come, or go, after all were issued: (period's start, net)."""
        made = []
        for of in list(self.asked(until)):
            again = copy.deepcopy(self)
            again.events = sorted((e for e in again.events + late if e['index'] not in gone), key=lambda e: (e['at'], e['index']))
            now, then = again.statement(*of), self.statement(*of)
            made.append((then.start, now.subtotal - now.discounts - then.subtotal + then.discounts))
        return made
