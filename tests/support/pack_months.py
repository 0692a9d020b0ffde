# SPDX-License-Identifier: Apache-2.0
"""Two months of each pack's kind of product, and what they come to, counted by hand in Python from the events as they were
sent: it knows the words of the packs' guides, and neither the packs' files nor the server's figures."""
import collections
import datetime
import random
import zoneinfo

YEAR, MONTHS = 2031, (10, 11)  # the clocks of New York go back on 2 November
ZONES = {'telehealth': 'America/New_York', 'rpm': 'America/Los_Angeles', 'samd': 'Europe/Berlin', 'trials': 'Pacific/Auckland'}
REGIONS, VERSIONS = ('us-east', 'us-west', 'eu'), ('2.4.1', '2.5.0', '3.0.0-rc1')


class Month:
    """The events of one customer: their local times, and what to send."""

    def __init__(self, pack, zone=None):
        self.pack, self.customer = pack, pack + '-customer'
        self.zone = zoneinfo.ZoneInfo(zone or ZONES.get(pack, 'UTC'))
        self.rng = random.Random(pack)
        self.events = []

    def day(self, month, day=None):
        day = day or self.rng.randrange(1, 31)
        return datetime.datetime(YEAR, month, day, self.rng.randrange(4, 23), self.rng.randrange(60), self.rng.randrange(60), tzinfo=self.zone)

    def add(self, event_type, local, quantity=1, /, **properties):
        self.events.append({'id': f'{self.pack}-{len(self.events):05d}', 'type': event_type, 'local': local, 'quantity': quantity,
                            'properties': properties})
        return self.events[-1]

    def body(self, event):
        return {'id': event['id'], 'customer': self.customer, 'type': event['type'], 'quantity': str(event['quantity']),
                'time': event['local'].astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'), 'properties': event['properties']}

    # ---- counting

    def of(self, month, *kinds, **match):
        return [e for e in self.events if e['type'] in kinds and (month is None or e['local'].month == month)
                and all(e['properties'].get(k) == v for k, v in match.items())]

    def total(self, month, kind):
        return sum(e['quantity'] for e in self.of(month, kind))

    def distinct(self, month, name, *kinds):
        return len({e['properties'][name] for e in self.of(month, *kinds) if name in e['properties']})

    def new(self, month, name, *kinds):
        before = {e['properties'][name] for e in self.of(None, *kinds) if e['local'].month < month}
        return len({e['properties'][name] for e in self.of(month, *kinds)} - before)

    def days(self, month, name, kind):
        """By person: the local days on which anything came."""
        found = collections.defaultdict(set)
        for e in self.of(month, kind):
            found[e['properties'][name]].add(e['local'].date())
        return found

    def active(self, month, name, kind):
        """Added in the month, or on when it begins. Stored to the day, a removal on the first is one at the first instant."""
        on, counted = set(), set()
        order = sorted(self.of(None, kind), key=lambda e: e['local'].date())  # as sent, within a day
        for e in order:
            if e['local'].month < month:
                (on.add if e['properties']['operation'] == 'add' else on.discard)(e['properties'][name])
        for e in order:
            if e['local'].month == month and e['properties']['operation'] == 'add':
                counted.add(e['properties'][name])
            elif e['local'].month == month and e['local'].day == 1:
                on.discard(e['properties'][name])
        return len(on | counted)


def telehealth(m):
    for month in MONTHS:
        for n in range(120):
            m.add('consultation.completed', m.day(month), minutes=f'{n % 40}.5', region=m.rng.choice(REGIONS), provider=f'Dr {n % 9} of month {month}',
                  patient=f'MRN {n % 50:08d}', encounter_class='virtual')
        for n in range(30):
            m.add('message.answered', m.day(month), n % 4 + 1, region='eu', provider=f'Dr only writes {n}')
    # Half past ten in the evening of the last of October: November in UTC, October in New York.
    m.add('consultation.completed', datetime.datetime(YEAR, 10, 31, 22, 30, tzinfo=m.zone), minutes='7.25', region='eu', provider='Dr Late', patient='x')
    return lambda month: {
        'sessions': len(m.of(month, 'consultation.completed')), 'messages': m.total(month, 'message.answered'),
        'minutes': sum(float(e['properties']['minutes']) for e in m.of(month, 'consultation.completed')),
        'active-providers': m.distinct(month, 'provider', 'consultation.completed')}


def ehr(m):
    for month in MONTHS:
        for n in range(90):
            m.add('encounter.recorded', m.day(month), patient=f'chart {n % 37}', provider=f'p{n % 5}', encounter_class=('ambulatory', 'inpatient')[n % 2])
        m.add('encounter.recorded', m.day(month), 1247 + month)  # a second site knows nothing but its count
        m.add('practice.counted', m.day(month, 27), 400 + month)
        m.add('practice.counted', m.day(month, 28), 412 + month)  # and counted again
        m.add('prescription.transmitted', m.day(month), 318)
        m.add('prescription.transmitted', m.day(month), patient='chart 4', provider='p1')
        m.add('api.called', m.day(month), 48210 + month, interface='fhir')
    return lambda month: {
        'encounters': m.total(month, 'encounter.recorded'), 'active-patients': m.distinct(month, 'patient', 'encounter.recorded'),
        'active-patients-counted': max(m.of(month, 'practice.counted'), key=lambda e: e['local'])['quantity'],
        'prescriptions': m.total(month, 'prescription.transmitted'), 'api-calls': m.total(month, 'api.called')}


CREDITS = {'xray': 1, 'DX': 1, 'ct': 3, 'mri': 5, 'pathology': 8, 'SM': 8}


def imaging(m):
    for month in MONTHS:
        for n in range(140):
            study = f'1.2.840.113619.2.55.3.{month}{n % 60}'
            m.add('image.analyzed', m.day(month), n % 5 + 1, modality=m.rng.choice(sorted(CREDITS)), model_version=VERSIONS[n % 2 + (month == 11)],
                  study=study, patient=f'P{n % 41}')
            if n % 3 == 0:  # a study in which two findings are positive is one
                m.add('finding.reported', m.day(month), study=study, model_version='2.5.0', result=('positive', 'negative', 'positive')[n % 9 // 3])
    return lambda month: {
        'images': m.total(month, 'image.analyzed'), 'studies': m.distinct(month, 'study', 'image.analyzed'),
        'positive-findings': len(m.of(month, 'finding.reported', result='positive')),
        ('positive-findings', 'positive'): len({e['properties']['study'] for e in m.of(month, 'finding.reported', result='positive')}),
        'credits': sum(e['quantity'] * CREDITS[e['properties']['modality']] for e in m.of(month, 'image.analyzed'))}


def rpm(m):
    for n in range(40):
        m.add('enrollment.changed', m.day(10), patient=f'Patient {n}', operation='add')
    for n in range(0, 40, 8):
        m.add('enrollment.changed', m.day(10, 31), patient=f'Patient {n}', operation='remove')
    for n in (1, 2):  # who leaves on the first is not enrolled in the month; who leaves on the second is
        m.add('enrollment.changed', m.day(11, n), patient=f'Patient {n}', operation='remove')
    m.add('enrollment.changed', m.day(11, 1), patient='Patient 8', operation='add')  # and comes back
    for month in MONTHS:
        for n, days in enumerate((0, 1, 2, 14, 15, 16, 17, 30)):
            for day in range(1, days + 1):
                for again in range(1 + (n + day) % 3):  # several times a day count as one day
                    m.add('reading.transmitted', m.day(month, day), n + again + 1, patient=f'Patient {n}', category='vital-signs')
        for n in range(11):
            m.add('alert.raised', m.day(month), severity=('low', 'high')[n % 2], patient=f'Patient {n}')

    def expected(month):
        days = [len(d) for d in m.days(month, 'patient', 'reading.transmitted').values()]
        return {'enrolled-patients': m.active(month, 'patient', 'enrollment.changed'), 'transmissions': len(m.of(month, 'reading.transmitted')),
                'alerts': len(m.of(month, 'alert.raised')), '99454': sum(d >= 16 for d in days), '99445': sum(2 <= d <= 15 for d in days)}
    return expected


def exchange(m):
    for month in MONTHS:
        for n in range(130):
            m.add('fhir.called', m.day(month), resource=('Patient', 'Observation')[n % 2], interaction='search-type', purpose='treatment',
                  connection=f'org-{n % (4 + month - 10)}', accessor=f'nurse {n % 7}', patient=f'record {n % 44}')
        for n in range(20):
            m.add('bundle.exchanged', m.day(month), n % 3 + 1, direction='sent', connection=f'hie-{n % 2}', patient=f'record {n + 30}')
    both = 'fhir.called', 'bundle.exchanged'
    return lambda month: {'fhir-calls': m.total(month, 'fhir.called'), 'bundles': m.total(month, 'bundle.exchanged'),
                          'patient-records': m.distinct(month, 'patient', *both), 'new-connections': m.new(month, 'connection', *both)}


def trials(m):
    for n in range(30):
        m.add('participant.changed', m.day(10), participant=f'Subject {n:04d}', operation='add', site=f'site-{n % 4}')
    for n in range(6):
        m.add('participant.changed', m.day(11, n + 1), participant=f'Subject {n:04d}', operation='remove', site=f'site-{n % 4}')
    m.add('participant.changed', m.day(11, 20), participant='Subject 0777', operation='add', site='site-5')
    for month in MONTHS:
        for n in range(75):
            m.add('form.submitted', m.day(month), n % 2 + 1, form=f'crf-{n % 6}', site=f'site-{n % 4}', participant=f'Subject {n % 30:04d}')
        for n in range(12):
            m.add('query.raised', m.day(month), site=f'site-{n % 4}', origin='monitor')
        for n in range(9):
            m.add('query.resolved', m.day(month), site=f'site-{n % 4}', origin='monitor')
        for n in range(4 + month - 10):  # told again each month: new only once
            m.add('site.activated', m.day(month, 3), site=f'site-{n}')
    return lambda month: {'active-participants': m.active(month, 'participant', 'participant.changed'), 'submissions': m.total(month, 'form.submitted'),
                          'queries-raised': m.total(month, 'query.raised'), 'queries-resolved': m.total(month, 'query.resolved'),
                          'sites-activated': m.new(month, 'site', 'site.activated')}


def behavioral(m):
    for month in MONTHS:
        for n in range(100):
            m.add('session.held', m.day(month), member=f'Member {n % 33}', employer=f'employer-{n % 3}', channel='video')
            m.add('app.used', m.day(month), n % 5 + 1, member=f'Member {n % 47}', employer=f'employer-{n % 3}')
        for n in range(4):
            m.add('crisis.answered', m.day(month), employer='employer-1')
        for n in range(15):
            m.add('prescription.managed', m.day(month), employer='employer-2', member=f'Member {n}')
    return lambda month: {'sessions': len(m.of(month, 'session.held')), 'active-users': m.distinct(month, 'member', 'session.held', 'app.used'),
                          'crisis-interventions': len(m.of(month, 'crisis.answered')), 'prescriptions': len(m.of(month, 'prescription.managed'))}


def pharmacy(m):
    for month in MONTHS:
        for n in range(80):
            more = {'refills': n % 4} if n % 2 else {}
            m.add('prescription.processed', m.day(month), n % 4 + 1, patient=f'RX patient {n % 31}', provider=f'prescriber {n % 6}', **more)
        for n in range(25):
            m.add('refill.dispensed', m.day(month), refills=n % 2 + 1, patient=f'RX patient {n}')
        for n in range(18):
            m.add('adherence.checked', m.day(month), channel='app', patient=f'RX patient {n}')
        for n in range(3):
            m.add('prior-authorization.submitted', m.day(month), urgent=n == 0)
    return lambda month: {'prescriptions': len(m.of(month, 'prescription.processed')),
                          'refills': sum(e['properties'].get('refills', 0) for e in m.of(month, 'prescription.processed', 'refill.dispensed')),
                          'adherence-checks': len(m.of(month, 'adherence.checked')),
                          'prior-authorizations': len(m.of(month, 'prior-authorization.submitted'))}


def analytics(m):
    for month in MONTHS:
        for n in range(3):
            m.add('cohort.counted', m.day(month, 5), 1000 * (n + month), cohort=f'cohort-{n}')
            m.add('cohort.counted', m.day(month, 25), 1000 * (n + month) + 11, cohort=f'cohort-{n}')
        for n in range(60):
            m.add('life.attributed', m.day(month), patient=f'Life {n}')
            m.add('risk.assessed', m.day(month), patient=f'Life {n + 20}', model_version='1.0.0', basis='claims')
        m.add('risk.assessed', m.day(month), 8000, model_version='1.1.0')
        m.add('query.run', m.day(month), 1500 + month, kind='dashboard')
        for n in range(5):
            m.add('report.exported', m.day(month), program=('hedis', 'stars', 'other')[n % 3])

    def expected(month):
        found = {'lives': m.distinct(month, 'patient', 'life.attributed', 'risk.assessed'), 'queries': m.total(month, 'query.run'),
                 'risk-assessments': m.total(month, 'risk.assessed'), 'report-exports': m.total(month, 'report.exported'),
                 **{('report-exports', price): len(m.of(month, 'report.exported', program=program))
                    for price, program in (('hedis', 'hedis'), ('stars', 'stars'), ('default', 'other'))}}
        for e in sorted(m.of(month, 'cohort.counted'), key=lambda e: e['local']):
            found['cohort-lives', e['properties']['cohort']] = e['quantity']
        return found
    return expected


def samd(m):
    for n in range(20):
        m.add('prescription.changed', m.day(10), prescription=f'RX {n}', operation='add', software_version='4.1')
    for n in range(5):
        m.add('prescription.changed', m.day(11, n + 1), prescription=f'RX {n}', operation='remove', software_version='4.1')
    for month in MONTHS:
        for n in range(70):
            m.add('treatment.completed', m.day(month), patient=f'Patient {n % 20}', software_version=VERSIONS[n % 2])
        for n in range(16):  # who reaches two milestones in a month is billed for the higher one
            m.add('milestone.reached', m.day(month), patient=f'Patient {n % 10}', milestone=('first', 'second', 'final')[n % 3], software_version='4.1')
        for n in range(6):
            m.add('order.placed', m.day(month), provider=f'Dr {n}', software_version='4.1')
    def expected(month):
        found = {'sessions': len(m.of(month, 'treatment.completed')), 'active-prescriptions': m.active(month, 'prescription', 'prescription.changed'),
                 'milestones': len(m.of(month, 'milestone.reached')), 'provider-orders': len(m.of(month, 'order.placed'))}
        rank = ('final', 'second', 'first')
        highest = {}
        for e in m.of(month, 'milestone.reached'):
            patient, reached = e['properties']['patient'], rank.index(e['properties']['milestone'])
            highest[patient] = min(reached, highest.get(patient, reached))
        return {**found, **{('milestones', milestone): sum(h == n for h in highest.values()) for n, milestone in enumerate(rank)}}
    return expected


PACKS = {make.__name__: make for make in (telehealth, ehr, imaging, rpm, exchange, trials, behavioral, pharmacy, analytics, samd)}
