# SPDX-License-Identifier: Apache-2.0
"""Random events with voids, amendments and late arrivals, and a plain SQL recount from the entries of what every aggregation makes of them."""
import datetime
import decimal
import glob
import os
import time
import urllib.parse

import phial

D = decimal.Decimal
ZONE = 'America/New_York'
FIRST, LAST = '2031-10-20T00:00:00Z', '2031-12-14T00:00:00Z'  # the clocks go back on 2 November
DAYS, BUSY = 55, 0.4

METRICS = {
    'count': {'aggregation': 'count'},
    'carrying': {'aggregation': 'count', 'property': 'size'},
    'sum': {'aggregation': 'sum'},
    'sized': {'aggregation': 'sum', 'property': 'size', 'round': {'mode': 'half_up', 'digits': -1}},
    'weighted': {'aggregation': 'sum', 'weights': {'property': 'kind', 'values': {'ct': '3', 'mri': '0.5'}, 'default': '-1.25'}},
    'filtered': {'aggregation': 'sum', 'filters': [{'property': 'size', 'gte': '2', 'lt': '7'}, {'property': 'kind', 'not_in': ['mri']}]},
    'max': {'aggregation': 'max', 'property': 'size'},
    'min': {'aggregation': 'min'},
    'latest': {'aggregation': 'latest'},
    'unique': {'aggregation': 'unique', 'property': 'unit'},
    'labels': {'aggregation': 'unique', 'property': 'label'},
    'unique_new': {'aggregation': 'unique_new', 'property': 'unit'},
    'unique_days': {'aggregation': 'unique_days', 'property': 'unit', 'days': 2, 'max_days': 4},
    'active': {'aggregation': 'active', 'property': 'unit'},
    'time_weighted': {'aggregation': 'time_weighted'},
    'time_on': {'aggregation': 'time_weighted', 'property': 'unit'},
    'percentile': {'aggregation': 'percentile', 'property': 'size', 'percent': '95'},
    'median': {'aggregation': 'percentile', 'percent': '50'},
}

# The effective events, out of nothing but the stored bytes; those that were read before are not read again.
EFFECTIVE = """
CREATE SCHEMA IF NOT EXISTS recount;
CREATE UNLOGGED TABLE IF NOT EXISTS recount.leaf (entry_index bigint, leaf jsonb);
INSERT INTO recount.leaf
SELECT entry_index, convert_from(leaf, 'UTF8')::jsonb FROM ledger_entry JOIN customer USING (customer_id)
WHERE customer.key = '{customer}' AND entry_index > (SELECT COALESCE(max(entry_index), -1) FROM recount.leaf);
DROP TABLE IF EXISTS recount.event;
CREATE UNLOGGED TABLE recount.event AS
WITH correction AS (
    SELECT (leaf #>> '{{ref,index}}')::bigint AS original, entry_index, leaf FROM recount.leaf WHERE leaf ->> 'kind' IN ('void', 'amend')
), quantity AS (
    SELECT DISTINCT ON (original) original, leaf #>> '{{set,quantity}}' AS quantity FROM correction
    WHERE leaf -> 'set' ? 'quantity' ORDER BY original, entry_index DESC
), moved AS (
    SELECT DISTINCT ON (original) original, leaf #>> '{{set,time}}' AS time FROM correction
    WHERE leaf -> 'set' ? 'time' ORDER BY original, entry_index DESC
), replaced AS (
    SELECT original, jsonb_object_agg(p.key, p.value ORDER BY entry_index) AS properties
    FROM correction, jsonb_each(leaf #> '{{set,properties}}') AS p WHERE leaf -> 'set' ? 'properties' GROUP BY original
)
SELECT entry_index, COALESCE(moved.time, leaf #>> '{{event,time}}')::timestamptz AS time,
       COALESCE(quantity.quantity, leaf #>> '{{event,quantity}}')::numeric AS q, p ->> 'kind' AS kind, (p ->> 'size')::numeric AS size,
       p ->> 'unit' AS unit, p ->> 'operation' AS operation, p ->> 'label' AS label
FROM recount.leaf
LEFT JOIN quantity ON quantity.original = entry_index
LEFT JOIN moved ON moved.original = entry_index
LEFT JOIN replaced ON replaced.original = entry_index
CROSS JOIN LATERAL (SELECT COALESCE(leaf #> '{{event,properties}}', '{{}}') || COALESCE(replaced.properties, '{{}}') AS p) AS merged
WHERE leaf ->> 'kind' = 'usage'
  AND NOT EXISTS (SELECT 1 FROM correction WHERE original = leaf.entry_index AND leaf ->> 'kind' = 'void');
ANALYZE recount.leaf, recount.event;
"""

IN = "time >= '{f}' AND time < '{t}'"
# By metric: condition, quantity. `g` is the group, '' of all.
PLAIN = {
    'count': ('true', 'count(*)'),
    'carrying': ('size IS NOT NULL', 'count(*)'),
    'sum': ('true', 'sum(q)'),
    'sized': ('size IS NOT NULL', 'round(sum(size), -1)'),
    'weighted': ('true', "sum(q * CASE kind WHEN 'ct' THEN 3 WHEN 'mri' THEN 0.5 ELSE -1.25 END)"),
    'filtered': ("size >= 2 AND size < 7 AND kind <> 'mri'", 'sum(q)'),
    'max': ('size IS NOT NULL', 'max(size)'),
    'min': ('true', 'min(q)'),
    'latest': ('true', '(array_agg(q ORDER BY time DESC, entry_index DESC))[1]'),
    'unique': ('unit IS NOT NULL', 'count(DISTINCT unit)'),
    'labels': ('label IS NOT NULL', 'count(DISTINCT label)'),
    'percentile': ('size IS NOT NULL', '(array_agg(size ORDER BY size))[ceil(count(*) * 0.95)::int]'),
    'median': ('true', '(array_agg(q ORDER BY q))[ceil(count(*) * 0.5)::int]'),
}
# By metric: condition of an event, the query of (g, quantity).
OTHER = {
    'unique_new': ('unit IS NOT NULL', "SELECT g, count(DISTINCT unit) AS quantity FROM matched AS m WHERE time >= '{f}' AND NOT EXISTS "
                   "(SELECT 1 FROM matched AS o WHERE o.unit = m.unit AND o.g = m.g AND o.time < '{f}') GROUP BY g"),
    'unique_days': ('unit IS NOT NULL', "SELECT g, count(*) AS quantity FROM (SELECT g, unit FROM matched WHERE time >= '{f}' GROUP BY g, unit "
                    "HAVING count(DISTINCT (time AT TIME ZONE '" + ZONE + "')::date) BETWEEN 2 AND 4) AS u GROUP BY g"),
    'active': ('unit IS NOT NULL AND operation IS NOT NULL', "SELECT g, count(*) AS quantity FROM (SELECT g, unit FROM matched GROUP BY g, unit HAVING "
               "bool_or(time >= '{f}' AND operation = 'add') OR ((array_agg(operation ORDER BY time DESC, entry_index DESC) FILTER "
               "(WHERE time < '{f}'))[1] = 'add' AND NOT bool_or(time = '{f}' AND operation = 'remove'))) AS u GROUP BY g"),
    'time_weighted': ('true', "SELECT g, sum(q * extract(epoch FROM '{t}'::timestamptz - greatest(time, '{f}'))) / "
                      "extract(epoch FROM '{t}'::timestamptz - '{f}'::timestamptz) AS quantity FROM matched GROUP BY g"),
    'time_on': ('unit IS NOT NULL AND operation IS NOT NULL',
                "SELECT g, sum(extract(epoch FROM greatest(until, '{f}') - greatest(time, '{f}'))) / "
                "extract(epoch FROM '{t}'::timestamptz - '{f}'::timestamptz) AS quantity FROM (SELECT g, operation, time, COALESCE(lead(time) OVER "
                "(PARTITION BY g, unit ORDER BY time, entry_index), '{t}') AS until FROM matched) AS s WHERE operation = 'add' GROUP BY g"),
}


def queries_of(metric, window):
    """Of rows of (label, group, quantity, events)."""
    f, t = window
    if metric in PLAIN:
        condition, quantity = PLAIN[metric]
        yield (f"SELECT CASE WHEN GROUPING(g) = 1 THEN '{metric}' ELSE '{metric}/kind' END, COALESCE(g, ''), {quantity}::text, count(*) "
               f"FROM (SELECT COALESCE(kind, '') AS g, * FROM recount.event WHERE {condition} AND {IN}) AS matched "
               "GROUP BY GROUPING SETS ((), (g)) HAVING count(*) > 0").format(f=f, t=t)
        return
    for group, label in (("COALESCE(kind, '')", metric + '/kind'), ("''", metric)):
        condition, query = OTHER[metric]
        query = (f"WITH matched AS MATERIALIZED (SELECT {group} AS g, * FROM recount.event WHERE {condition} AND time < '{{t}}'), "
                 f"amounts AS ({query}), events AS (SELECT g, count(*) AS events FROM matched WHERE {IN} GROUP BY g) "
                 f"SELECT '{label}', g, COALESCE(quantity, 0)::text, COALESCE(events, 0) FROM amounts FULL JOIN events USING (g) "
                 "WHERE quantity <> 0 OR events <> 0")
        yield query.format(f=f, t=t)


SESSION = "SET jit = off; SET work_mem = '128MB'"  # what is sorted stays in memory


def recounted(server, window):
    """{label: {group: (quantity, events)}}, all in one session."""
    found = {metric + suffix: {} for metric in METRICS for suffix in ('', '/kind')}
    text = '; '.join(query for metric in METRICS for query in queries_of(metric, window))
    for label, g, quantity, events in (row.split('|') for row in server.sql(SESSION, text).splitlines()):
        found[label][g] = (D(quantity), int(events))
    return found


def near(a, b):
    return abs(a - b) < D('0.0000000001')  # SQL divides to fewer digits than we print


def compare(metric, window, ours, found):
    whole = found[metric].get('', (D(0), 0))
    groups = found[metric + '/kind']
    said = (D(ours['quantity']), ours['events'])
    assert near(said[0], whole[0]) and said[1] == whole[1], (metric, window, said, whole)
    shown = {group['group']['kind']: (D(group['quantity']), group['events']) for group in ours['groups']}
    assert shown.keys() == groups.keys(), (metric, window, shown, groups)
    for g, (quantity, events) in groups.items():
        assert near(shown[g][0], quantity) and shown[g][1] == events, (metric, window, g, shown[g], groups[g])


def moment(rng, unit=1):
    span = datetime.datetime.fromisoformat(LAST[:-1]) - datetime.datetime.fromisoformat(FIRST[:-1])
    seconds = rng.randrange(0, int(span.total_seconds()) // unit) * unit
    return (datetime.datetime.fromisoformat(FIRST[:-1]) + datetime.timedelta(seconds=seconds)).isoformat() + 'Z'


def windows(rng, count, month):
    """Months and hours of the customer's zone, quarters of an hour, and any second."""
    if month:
        yield MONTH
    yield FIRST, LAST
    for n in range(count):
        a, b = moment(rng, (1, 900, 3600)[n % 3]), moment(rng, (1, 900, 3600)[n % 3])
        if a != b:
            yield min(a, b), max(a, b)


def event(rng, n, total):
    """In the order of time, but 5 % late; and one hour with so many labels that no line holds them."""
    at = n / total if rng.random() > 0.05 else rng.random() * n / total
    if n / total > BUSY and rng.random() < 0.2:
        at = BUSY + rng.random() / 24 / DAYS
    start = datetime.datetime.fromisoformat(FIRST[:-1])
    time_of = start + (datetime.datetime.fromisoformat(LAST[:-1]) - start) * at
    properties = {}
    if rng.random() < 0.9:
        properties['kind'] = rng.choice(('ct', 'mri', 'xray'))
    if rng.random() < 0.8:
        properties['size'] = str(D(rng.randrange(-500, 1000)) / 100)
    if rng.random() < 0.9:
        properties['unit'] = f'u{rng.randrange(max(20, total // 100))}'
        properties['operation'] = rng.choice(('add', 'add', 'remove'))
    if rng.random() < 0.9:
        properties['label'] = f'{"label-" * 10}{rng.randrange(1000):03d}'
    return {'id': f'r{n}', 'customer': 'recount', 'type': 'random', 'time': time_of.replace(microsecond=0).isoformat() + 'Z',
            'quantity': str(D(rng.randrange(-2000, 10000)) / 1000), 'properties': properties}


def correct(c, rng, n):
    """2 % voids, 1 % amendments of any event so far."""
    if rng.random() < 0.02:
        answer = c.send('POST', f'/v1/events/recount/r{rng.randrange(n + 1)}/void', None, Phial_Reason='random')
        assert answer.status in (201, 409), answer
    if rng.random() < 0.01:
        change = {}
        if rng.random() < 0.5:
            change['quantity'] = str(rng.randrange(100))
        if rng.random() < 0.5:
            change['time'] = moment(rng)
        if rng.random() < 0.5:
            change['properties'] = {'kind': rng.choice(('ct', 'mri')), 'size': str(rng.randrange(10))}
        if change:
            answer = c.send('POST', f'/v1/events/recount/r{rng.randrange(n + 1)}/amend', change, Phial_Reason='random')
            assert answer.status in (201, 409), answer


def ask(c, metric, bounds, **more):
    query = dict({'metric': metric, 'from': bounds[0], 'to': bounds[1], 'group_by': 'kind'}, **more)
    return c.get('/v1/customers/recount/usage?' + urllib.parse.urlencode(query))


def patience(total):
    """The seconds that one request over so many events may take, on a machine that is busy with other things."""
    return 120 + total // 1000


def wait_until_folded(server, metric='sum'):
    """Until the running sums hold all of the logs: then they alone answer. So long without progress is a fault."""
    last, moved = None, time.monotonic()
    while time.monotonic() < moved + server.timeout:
        progress = server.client.get(f'/v1/metrics/{metric}/folding')
        if all(progress[what]['folded'] == progress[what]['of'] > 0 for what in ('customers', 'entries')):
            return
        if progress != last:
            last, moved = progress, time.monotonic()
        time.sleep(0.1)
    raise AssertionError(progress)


def check(server, c, rng, count, month=True):
    server.sql(SESSION, EFFECTIVE.format(customer='recount'))
    size = server.sql("SELECT count(*) FROM recount.leaf")
    for window in windows(rng, count, month):
        found = recounted(server, window)
        for metric in METRICS:
            answer = ask(c, metric, window)
            assert answer['as_of']['index'] == int(size), answer['as_of']
            compare(metric, window, answer, found)


def check_windows(c, rng):
    """A window's figure is the figure of its bounds, and days and hours are the zone's."""
    for metric in METRICS:
        days = ask(c, metric, MONTH, window='day')['windows']
        assert len(days) == 30 and days[1]['end'] == '2031-11-03T05:00:00Z', days
        for day in rng.sample(days, 2):
            alone = ask(c, metric, (day['start'], day['end']))
            assert (alone['quantity'], alone['events']) == (day['quantity'], day['events']), (metric, day, alone)


MONTH = ('2031-11-01T04:00:00Z', '2031-12-01T05:00:00Z')
LONG = 100000  # events, of which every unfolded answer reads all
FOLDED = [metric for metric in METRICS if metric not in ('active', 'time_on')]


def rebuild(server, c, unfolded):
    """The sums are what answers, and nothing but the entries is needed to make them again."""
    before = {metric: ask(c, metric, MONTH) for metric in FOLDED}
    server.sql("UPDATE usage_sum SET events = events + 1; UPDATE usage_value SET events = events + 1")
    for metric in FOLDED:
        assert ask(c, metric, MONTH)['events'] != before[metric]['events'], metric
    server.sql('DELETE FROM usage_sum; DELETE FROM usage_value; DELETE FROM usage_switched; DELETE FROM usage_place; DELETE FROM usage_mark')
    for metric in unfolded:
        assert ask(c, metric, MONTH) == before[metric], metric
    wait_until_folded(server)
    for metric in FOLDED:
        assert ask(c, metric, MONTH) == before[metric], metric


# Every value in a row of its own, as before lines held them.
UNHELD = """
DO $$
DECLARE line record; at integer; len integer;
BEGIN
    FOR line IN SELECT * FROM usage_sum WHERE held <> '' LOOP
        at := 1;
        WHILE at < octet_length(line.held) LOOP
            len := get_byte(line.held, at) * 256 + get_byte(line.held, at + 1);
            INSERT INTO usage_value (customer_id, series_id, level, bucket, groups, value, events)
            VALUES (line.customer_id, line.series_id, line.level, line.bucket, line.groups, convert_from(substring(line.held FROM at + 7 FOR len), 'UTF8'),
                    get_byte(line.held, at + 4) * 256 + get_byte(line.held, at + 5));
            at := at + 6 + len;
        END LOOP;
    END LOOP;
    UPDATE usage_sum SET held = '';
END $$
"""
HELD = "SELECT * FROM usage_sum WHERE octet_length(held) > 1"
ROWS = 'SELECT count(*) FROM usage_value'


def upgrade(server, c, rng, total):
    """Values that are rows, as they all were once, answer the same, take what comes, and are held by their lines again after the migration."""
    path, = glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'migrations', '*_held_values.sql'))
    with open(path) as f:
        migration = f.read()
    migration = migration[migration.index('WITH few'):]
    held, rows = set(server.sql(HELD).splitlines()), int(server.sql(ROWS))
    before = {metric: ask(c, metric, MONTH) for metric in FOLDED}
    assert held and rows > 100, (held, rows)  # of the busy hour
    server.sql(UNHELD)
    for metric in FOLDED:
        assert ask(c, metric, MONTH) == before[metric], metric
    server.sql(migration)
    assert held <= set(server.sql(HELD).splitlines()) and int(server.sql(ROWS)) <= rows
    server.sql(UNHELD)
    c.post('/v1/events', [event(rng, n, 2 * total) for n in range(total, total + 100)], 200)
    for n in range(total, total + 100):
        correct(c, rng, n)
    wait_until_folded(server)
    check(server, c, rng, 0, month=False)
    before = {metric: ask(c, metric, MONTH) for metric in FOLDED}
    server.sql(migration)
    for metric in FOLDED:
        assert ask(c, metric, MONTH) == before[metric], metric


def catalog(c):
    c.put('/v1/event-types/random', {
        'time_precision': 'second', 'window': {'past': 'P1Y', 'future': 'PT5M'}, 'quantity': {'min': '-1000', 'max': '1000'},
        'properties': {'kind': {'type': 'enum', 'values': ['ct', 'mri', 'xray']}, 'size': {'type': 'decimal'}, 'label': {'type': 'code'},
                       'unit': {'type': 'token', 'scope': 'customer'}, 'operation': {'type': 'enum', 'values': ['add', 'remove']}}})
    charges = []
    for key, metric in METRICS.items():
        c.put('/v1/metrics/' + key, dict(metric, event_types=['random'], group_by=['kind']))
        charges.append({'key': key, 'metric': key, 'model': 'per_unit', 'unit_amount': '1'})
    charges.append({'key': 'by-kind', 'metric': 'active', 'model': 'per_unit', 'unit_amount': '1', 'group_by': ['kind']})
    c.put('/v1/plans/recount', {'currency': 'USD', 'interval': 'month', 'charges': charges})
    c.put('/v1/customers/recount', {'name': 'Recount', 'currency': 'USD', 'time_zone': ZONE})


def invoices(server, c):
    """The figure of the usage is the figure of the line; the issued statement verifies, from an export of it alone."""
    c.post('/v1/subscriptions', {'customer': 'recount', 'plan': 'recount', 'start': '2031-11-01T12:00:00Z'})
    c.post('/v1/billing/run', {'as_of': '2031-12-15T00:00:00Z'}, 200)
    invoice = c.get('/v1/invoices?customer=recount&status=issued')['data'][0]
    for line in c.get('/v1/invoices/' + invoice['id'])['lines']:
        usage = ask(c, line['metric'], MONTH)
        if 'group' in line:
            usage = next(group for group in usage['groups'] if group['group'] == line['group'])
        assert D(line['quantity']) == D(usage['quantity']) and line['events']['count'] == usage['events'], (line, usage)
    archive = phial.export(c, '/tmp', {'customer': 'recount', 'invoice': invoice['id'], 'purpose': 'recount'}, server.timeout)
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    phial.os.unlink(archive)
    assert code == 0 and 'VERIFIED' in said, said


def run(server, total, rng):
    c = server.client
    catalog(c)
    long = total > LONG
    started, instants = time.monotonic(), {int(total * rng.random()) for _ in range(2 if total < 10000 else 9)}

    def tell(*what):
        print(*what, 'at', round(time.monotonic() - started), 's', flush=True)

    batch = min(1000, total // 4)
    for first in range(0, total, batch):
        made = range(first, min(total, first + batch))
        answer = server.client.post('/v1/events', [event(rng, n, total) for n in made], 200)
        assert answer['accepted'] == len(made), answer
        for n in made:
            correct(server.client, rng, n)
        if any(n in instants for n in made):  # killed while it folds, and asked before it has folded again
            server.kill()
            server.start()
            check(server, server.client, rng, 1, month=not long)
            tell('the same as a recount after', made[-1] + 1, 'events, killed and asked')
    c = server.client
    tell(total, 'events sent')
    wait_until_folded(server)
    tell('all folded')
    check(server, c, rng, 3)
    tell('the same as a recount when all is folded')
    check_windows(c, rng)
    tell('days are what their bounds are')
    rebuild(server, c, FOLDED[::5] if long else FOLDED)
    tell('the sums made again')
    if not long:
        upgrade(server, c, rng, total)
    invoices(server, c)
    tell('invoiced, exported and verified')
