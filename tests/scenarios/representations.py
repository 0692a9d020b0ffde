#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Invoices as JSON, PDF, HTML, UBL and CSV: forty customers' worth, by suffix and by Accept, the same bytes from two daemons, UBL by the
published rules, refused where EN 16931 has no words; credit notes, statements below zero, what came late; drafts and voids are marked;
an export holds each statement's PDF."""
import html.parser
import os
import re
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import en16931  # noqa: E402
import phial  # noqa: E402

SELLER = {'NAME': 'Acme & Söhne Ltd', 'LINE1': '1 Example Quay', 'CITY': 'Dublin', 'POSTAL_CODE': 'D02 XY00', 'COUNTRY': 'IE',
          'TAX_ID': 'IE1234567FA', 'REGISTRATION_ID': '000000', 'EMAIL': 'billing@acme.example', 'ENDPOINT_SCHEME': '9935',
          'ENDPOINT_ID': 'IE1234567FA', 'IBAN': 'IE29 AIBK 9311 5212 3456 78'}
TYPES = {'pdf': 'application/pdf', 'html': 'text/html; charset=utf-8', 'xml': 'application/xml',
         'csv': 'text/csv; charset=utf-8; header=present', 'json': 'application/json'}


def buyer(name='Clinic', country='DE', currency='EUR', **more):
    address = {'line1': '5 Lake Street', 'city': 'Town', 'postal_code': '10115', 'country': country}
    return dict({'name': name, 'currency': currency, 'time_zone': 'UTC', 'address': address, 'email': 'ap@clinic.example',
                 'endpoint': {'scheme': '9930', 'id': 'DE123456789'}, 'buyer_reference': 'PO-1'}, **more)


def tax(percent, **more):
    return {'rates': [dict({'name': 'VAT', 'percent': percent}, **more)], 'id': 'DE123456789'}


# A customer, its plan, and what UBL says of it: a category, or the reason why it says nothing.
CUSTOMERS = {
    'standard': (buyer(tax=tax('19')), 'graduated', 'S'),
    'reduced': (buyer(tax=tax('5.5', category='S')), 'package', 'S'),
    'dollars': (buyer(currency='USD', country='US', tax=tax('8.25')), 'usd', 'S'),
    'yen': (buyer('医療法人社団 さくら会 東京中央病院', 'JP', 'JPY', tax=tax('10')), 'jpy', 'S'),
    'arabic': (buyer('مستشفى الأمل التخصصي', 'SA', tax=tax('15')), 'graduated', 'S'),
    'markup': (buyer('<b>Fish & "Chips"</b> \'n\'', tax=tax('19')), 'graduated', 'S'),
    'exempt': (buyer(tax={'exempt_reason': 'Healthcare, Article 132(1)(c)'}), 'graduated', 'E'),
    'exempt-code': (buyer(tax={'exempt_reason': 'VATEX-EU-132-1C'}), 'volume', 'E'),
    'untaxed': (buyer(), 'graduated', 'O'),
    'zero': (buyer(tax=tax('0')), 'matrix', 'Z'),
    'reverse': (buyer(tax=tax('0', category='AE')), 'graduated', 'AE'),
    'supply': (buyer(tax=tax('0', category='K')), 'stairs', 'K'),
    'exported': (buyer(country='US', tax=tax('0', category='G')), 'flat', 'G'),
    'exempt-reverse': (buyer(tax={'exempt_reason': 'VATEX-EU-AE', 'id': 'DE123456789'}), 'graduated', 'AE'),
    'exempt-outside': (buyer(tax={'exempt_reason': 'VATEX-EU-O', 'id': 'DE123456789'}), 'flat', 'O'),
    'canaries': (buyer(country='ES', tax=tax('7', category='L')), 'graduated', 'L'),
    'ceuta': (buyer(country='ES', tax=tax('0.5', category='M')), 'flat', 'M'),
    'plain': (buyer(email='ap@plain.example', buyer_reference=None, tax=tax('19')), 'volume', 'S'),
    'mailed': (buyer(endpoint=None, tax=tax('19')), 'volume', 'S'),
    'nameless': (buyer(endpoint=None, email=None, buyer_reference=None, tax={'rates': [{'name': 'VAT', 'percent': '19'}]}), 'volume', 'S'),
    'belgian': (buyer(country='BE', endpoint={'scheme': '0208', 'id': '0202239951'}, tax=tax('21')), 'graduated', 'S'),
    'number': (buyer(country='US', tax={'rates': [{'name': 'Sales tax', 'percent': '8.875'}], 'id': '98-7654321'}), 'package', 'S'),
    'long': (buyer('Verbund ' * 24, address={k: 'Ärztehaus #AAI# ' * 11 for k in ('line1', 'line2', 'city', 'region')} |
                   {'country': 'AT'}, buyer_reference='Purchase order ' * 12, tax=tax('20')), 'long', 'S'),
    'pacific': (buyer('Πολυκλινική «Υγεία»', 'GR', time_zone='Pacific/Auckland', tax=dict(tax('24'), id='EL123456783')), 'graduated', 'S'),
    'discounted': (buyer(tax=tax('19')), 'many-kinds', 'S'),
    'yen-discounted': (buyer('医院', 'JP', 'JPY', tax=tax('10')), 'jpy', 'S'),
    'prepaid': (buyer(tax=tax('19')), 'flat', 'S'),
    'prepaid-whole': (buyer(tax=tax('19')), 'flat', 'S'),
    'returned': (buyer(tax=tax('19')), 'minutes', 'S'),
    'below': (buyer(tax=tax('19')), 'returns', 'S'),
    'committed': (buyer(tax=tax('19')), 'committed', 'S'),
    'beyond': (buyer(tax=tax('19')), 'beyond', 'S'),
    'minimum': (buyer(tax=tax('19')), 'minimum', 'S'),
    'maximum': (buyer(tax=tax('19')), 'maximum', 'S'),
    'even': (buyer(tax=tax('7')), 'even', 'S'),
    'ahead': (buyer(tax=tax('19')), 'ahead', 'S'),
    'many': (buyer(tax=tax('19')), 'many', 'S'),
    'idle': (buyer(tax=tax('19')), 'stairs', 'S'),
    'dinar': (buyer(currency='KWD', tax=tax('5')), 'kwd', 'three decimal places'),
    'two-rates': (buyer(tax={'rates': [{'name': 'State', 'percent': '4'}, {'name': 'City', 'percent': '4.5'}]}), 'graduated',
                  'Several tax rates'),
    'ouguiya': (buyer(currency='MRU', tax=tax('5')), 'mru', 'BR-CL-04'),
    'unknown-reason': (buyer(tax={'exempt_reason': 'VATEX-EU-999'}), 'graduated', 'BR-CL-22'),
    'sliver': (buyer(tax=tax('0.25')), 'flat', 'BR-CO-17'),
    'untold': (buyer(tax={'rates': [{'name': 'VAT', 'percent': '0', 'category': 'AE'}]}), 'flat', 'BR-AE-02'),
    'mistyped': (buyer(endpoint={'scheme': '0088', 'id': '7300010000002'}, tax=tax('19')), 'flat', 'PEPPOL-COMMON-R040'),
    'nowhere': (dict(buyer(tax=tax('19')), address={'city': 'Town'}), 'graduated', 'BR-11'),
}
# A customer's document, the rule, and what breaks it.
BREAKING = (
    ('standard', 'BR-CO-15', '<cbc:TaxInclusiveAmount currencyID="EUR">', '<cbc:TaxInclusiveAmount currencyID="EUR">1'),
    ('standard', 'BR-CO-10', '<cbc:LineExtensionAmount currencyID="EUR">', '<cbc:LineExtensionAmount currencyID="EUR">1'),
    ('standard', 'BR-CO-13', '<cbc:TaxExclusiveAmount currencyID="EUR">', '<cbc:TaxExclusiveAmount currencyID="EUR">1'),
    ('standard', 'BR-CO-14', '<cac:TaxTotal>\n    <cbc:TaxAmount currencyID="EUR">', '<cac:TaxTotal>\n    <cbc:TaxAmount currencyID="EUR">1'),
    ('standard', 'BR-CO-16', '<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="EUR">1'),
    ('standard', 'BR-CO-17', '<cbc:Percent>19<', '<cbc:Percent>39<'),
    ('standard', 'BR-S-09', '<cbc:Percent>19<', '<cbc:Percent>39<'),
    ('standard', 'BR-S-08', '<cbc:TaxableAmount currencyID="EUR">', '<cbc:TaxableAmount currencyID="EUR">1'),
    ('standard', 'BR-S-10', '</cbc:Percent>\n        <cac:TaxScheme>\n          <cbc:ID>VAT</cbc:ID>\n        </cac:TaxScheme>\n      </cac:TaxCategory>',
     '</cbc:Percent><cbc:TaxExemptionReason>x</cbc:TaxExemptionReason><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>'),
    ('standard', 'BR-S-05', '<cbc:Percent>19<', '<cbc:Percent>0<'),
    ('standard', 'BR-11', '<cbc:IdentificationCode>DE</cbc:IdentificationCode>', ''),
    ('standard', 'BR-16', 'InvoiceLine>', 'InvoiceLin>'),
    ('standard', 'BR-23', ' unitCode="C62"', ''),
    ('standard', 'BR-25', '<cbc:Name>Calls</cbc:Name>', ''),
    ('standard', 'BR-26', 'cbc:PriceAmount', 'cbc:BaseAmount'),
    ('standard', 'BR-27', '<cbc:PriceAmount currencyID="EUR">', '<cbc:PriceAmount currencyID="EUR">-'),
    ('standard', 'BR-29', '<cbc:EndDate>2031', '<cbc:EndDate>2030'),
    ('standard', 'BR-62', ' schemeID="9935"', ''),
    ('standard', 'BR-63', ' schemeID="9930"', ''),
    ('standard', 'BR-CL-01', '>380<', '>381<'),
    ('standard', 'BR-CL-03', 'currencyID="EUR"', 'currencyID="EURO"'),
    ('standard', 'BR-CL-04', '>EUR<', '>XXY<'),
    ('standard', 'BR-CL-08', '>Ledger ', '>#QQQ# '),
    ('standard', 'BR-CL-14', '>DE<', '>DX<'),
    ('standard', 'BR-CL-16', '>58<', '>73<'),
    ('standard', 'BR-CL-23', '"C62"', '"C00"'),
    ('standard', 'BR-CL-25', '"9930"', '"9999"'),
    ('standard', 'BR-CO-09', '>DE123456789</cbc:CompanyID>', '>X123</cbc:CompanyID>'),
    ('standard', 'UBL-SR-48', '<cac:ClassifiedTaxCategory>', '<cac:ClassifiedTaxCategory/><cac:ClassifiedTaxCategory>'),
    ('standard', 'UBL-DT-01', '<cbc:TaxableAmount currencyID="EUR">', '<cbc:TaxableAmount currencyID="EUR">0.000'),
    ('standard', 'UBL-CR', '<cbc:IssueDate>', '<cbc:UUID>1</cbc:UUID><cbc:IssueDate>'),
    ('standard', 'UBL-DT', '<cbc:Note>', '<cbc:Note languageID="en">'),
    ('standard', 'PEPPOL-EN16931-R002', '<cbc:Note>', '<cbc:Note>x</cbc:Note><cbc:Note>'),
    ('standard', 'PEPPOL-EN16931-R003', '<cbc:BuyerReference>PO-1</cbc:BuyerReference>', ''),
    ('standard', 'PEPPOL-EN16931-R008', '<cbc:BuyerReference>PO-1</cbc:BuyerReference>', '<cbc:BuyerReference/>'),
    ('standard', 'PEPPOL-EN16931-R020', '<cbc:EndpointID schemeID="9935">IE1234567FA</cbc:EndpointID>', ''),
    ('standard', 'PEPPOL-EN16931-R051', '<cbc:PriceAmount currencyID="EUR">', '<cbc:PriceAmount currencyID="USD">'),
    ('standard', 'PEPPOL-EN16931-R120', '<cbc:PriceAmount currencyID="EUR">', '<cbc:PriceAmount currencyID="EUR">1'),
    ('standard', 'PEPPOL-EN16931-F001', '<cbc:DueDate>2032-01-', '<cbc:DueDate>2032-1-'),
    ('standard', 'PEPPOL-EN16931-CL008', '"9930"', '"EM"'),
    ('standard', 'PEPPOL-national', '>IE<', '>NL<'),
    ('belgian', 'PEPPOL-COMMON-R043', '>0202239951<', '>0202239952<'),
    ('exempt-code', 'BR-CL-22', 'VATEX-EU-132-1C', 'VATEX-EU-132-9'),
    ('reverse', 'PEPPOL-EN16931-P0107', '>AE<', '>E<'),
    ('untaxed', 'BR-O-05', '<cbc:ID>O</cbc:ID>', '<cbc:ID>O</cbc:ID><cbc:Percent>0</cbc:Percent>'),
    ('discounted', 'BR-CL-19', '>95<', '>99<'),
    ('prepaid', 'BR-DEC-16', '>100.01<', '>100.010<'),
)
TIERS = [{'up_to': '5', 'unit_amount': '0.75', 'flat_amount': '0'}, {'up_to': None, 'unit_amount': '0.333', 'flat_amount': '2'}]


def plans():
    bare = {'key': 'reads', 'name': 'Images read', 'metric': 'images'}
    charge = dict(bare, model='graduated', tiers=TIERS)
    each = dict(bare, model='per_unit', unit_amount='0.0125')
    fee = {'key': 'base', 'name': 'Platform', 'amount': '490'}
    made = {
        'graduated': {'charges': [dict(charge, group_by=['modality']), dict(each, key='calls', name='Calls')]},
        'volume': {'charges': [dict(charge, model='volume')]},
        'package': {'charges': [dict(bare, model='package', package_size='3', amount='7.5', free_units='2')]},
        'stairs': {'charges': [dict(bare, model='stairstep', tiers=[{'up_to': '5', 'flat_amount': '20'},
                                                                      {'up_to': None, 'flat_amount': '30'}])]},
        'matrix': {'charges': [dict(bare, model='matrix', property='modality', default='0.25',
                                    prices=[{'match': {'modality': 'ct'}, 'unit_amount': '1.5'}])]},
        'flat': {'charges': [], 'fixed': [fee]},
        'minimum': {'charges': [each], 'minimum': '12.34'},
        'maximum': {'charges': [charge], 'fixed': [fee], 'maximum': '300.00'},
        'even': {'charges': [dict(each, unit_amount='0.0833')], 'rounding': 'half_even'},
        'ahead': {'charges': [each], 'fixed': [dict(fee, timing='advance')]},
        'many': {'charges': [dict(charge, group_by=['site'])], 'fixed': [fee]},
        'long': {'charges': [dict(charge, name='長い名前 ' * 15, group_by=['modality'])]},
        'many-kinds': {'charges': [charge, dict(each, key='calls', unit_amount='0.333')], 'fixed': [fee, dict(fee, key='free', amount='0')]},
        'minutes': {'charges': [dict(bare, metric='minutes', model='per_unit', unit_amount='2.5')], 'fixed': [fee]},
        'returns': {'charges': [dict(bare, metric='minutes', model='per_unit', unit_amount='2.5'), dict(each, key='calls')]},
        'committed': {'charges': [charge], 'commitment': {'amount': '100.00', 'overage_factor': '1.2'}},
        'beyond': {'charges': [charge], 'commitment': {'amount': '3.00', 'overage_factor': '1.2'}},
        'usd': {'currency': 'USD', 'charges': [charge], 'fixed': [fee]},
        'jpy': {'currency': 'JPY', 'charges': [dict(each, unit_amount='12.5')], 'fixed': [fee]},
        'kwd': {'currency': 'KWD', 'charges': [each]},
        'mru': {'currency': 'MRU', 'charges': [each]},
    }
    return {key: dict({'currency': 'EUR', 'interval': 'month'}, **plan) for key, plan in made.items()}


def catalog(c):
    c.put('/v1/event-types/image', {'quantity': {'min': '-9'}, 'properties': {'modality': {'type': 'enum', 'values': ['ct', 'mri']},
                                                                              'site': {'type': 'code'}}})
    c.put('/v1/metrics/images', {'event_types': ['image'], 'aggregation': 'count', 'group_by': ['modality', 'site']})
    c.put('/v1/metrics/minutes', {'event_types': ['image'], 'aggregation': 'sum'})
    for key, plan in plans().items():
        c.put('/v1/plans/' + key, plan)
    events = []
    for key, (document, plan, _) in CUSTOMERS.items():
        c.put('/v1/customers/' + key, document)
        c.post('/v1/subscriptions', {'customer': key, 'plan': plan, 'start': '2031-11-01T00:00:00Z'})
        for i in range({'many': 240, 'idle': 0}.get(key, 11)):
            events.append({'id': f'{key}-{i}', 'customer': key, 'type': 'image', 'time': '2031-11-03T10:00:00Z',
                           'quantity': '-3' if key in ('returned', 'below') else '1',
                           'properties': {'modality': ('ct', 'mri')[i % 2], 'site': f'site-{i % 120:03d}'}})
    for key in ('discounted', 'yen-discounted'):
        c.post(f'/v1/customers/{key}/discounts', {'percent': '12.5'})
    c.post('/v1/customers/discounted/discounts', {'amount': '7.77', 'charges': ['base']})
    c.post('/v1/customers/prepaid/credits', {'amount': '100.01', 'expires': '2033-01-01T00:00:00Z', 'paid': True})
    c.post('/v1/customers/prepaid-whole/credits', {'amount': '9999', 'expires': '2033-01-01T00:00:00Z', 'paid': False})
    answer = c.post('/v1/events', events, 200)
    assert answer['rejected'] == 0, answer


class Balance(html.parser.HTMLParser):
    """Every element is closed, in order; every header cell of the lines says what it heads."""
    OPEN = {'meta', 'br', 'path'}

    def __init__(self, page):
        super().__init__()
        self.open, self.unscoped, self.heads = [], 0, 0
        self.feed(page)
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        if tag not in self.OPEN:
            self.open.append(tag)
        if tag == 'th':
            self.heads += 1
            self.unscoped += 'scope' not in dict(attributes)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag


def tool(name, data, *options):
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return subprocess.run([name, *options, f.name, *(['-'] if name == 'pdftotext' else [])], check=True, capture_output=True).stdout.decode()


def get(c, invoice, suffix, status=200, **headers):
    answer = c.expect(status, 'GET', f'/v1/invoices/{invoice["id"]}.{suffix}', **headers)
    if status == 200:
        assert answer.headers['Content-Type'] == TYPES[suffix], answer.headers['Content-Type']
    return answer


def grouped(figure):
    return f'{float(figure):,.{len(figure.partition(".")[2])}f}'


def check_paper(c, invoice):
    """PDF and HTML say what the statement says."""
    statement = get(c, invoice, 'json').json
    pdf, page = get(c, invoice, 'pdf'), get(c, invoice, 'html').bytes.decode()
    name = statement['number'] or 'draft-' + statement['id']
    assert pdf.headers['Content-Disposition'] == f'inline; filename="{name}.pdf"'
    text = tool('pdftotext', pdf.bytes, '-layout')
    balance = Balance(page)
    assert balance.heads > 5 and balance.unscoped == 0
    assert '<script' not in page and '<b>' not in page and '<html lang="en">' in page
    figures = [statement[k] for k in ('subtotal', 'total', 'amount_due')] + [line['amount'] for line in statement['lines']]
    for figure in figures + [statement['ledger']['root']]:
        shown = figure if '=' in figure else grouped(figure)
        assert shown in text and shown in page, (shown, text[:3000])
    for word in (statement['number'] or 'DRAFT', SELLER['NAME'], 'half to even' if 'half_even' == statement['rounding'] else 'half away'):
        assert word in re.sub(r'\s+', ' ', text) and word.replace('&', '&amp;') in page, word
    return text, pdf.bytes


def check_ubl(c, key, invoice):
    category = CUSTOMERS[key][2]
    if len(category) <= 2 and get(c, invoice, 'json').json['lines'] == []:  # no usage, and no group to have a line
        category = 'BR-16'
    if len(category) > 2:
        problem = get(c, invoice, 'xml', 422).json
        assert problem['code'] == 'not_en16931' and category in problem['detail'], problem
        return 0
    check_rules(key, get(c, invoice, 'xml').bytes)
    return 1


def check_rules(key, xml):
    document, _, category = CUSTOMERS[key]
    faults = en16931.faults(xml)
    assert faults == [], (key, faults, xml.decode())
    assert f'<cbc:ID>{category}</cbc:ID>'.encode() in xml, (key, xml.decode())
    assert (f'>{en16931.PEPPOL}<'.encode() in xml) == bool(document['buyer_reference'] and document['endpoint']), key
    failed = en16931.official(xml)
    assert not failed, (key, failed)


def check_checker(c, invoices):
    """The rules can be broken."""
    documents = {key: get(c, invoices[key], 'xml').bytes.decode() for key in {row[0] for row in BREAKING}}
    for key, rule, old, new in BREAKING:
        xml = documents[key]
        assert old in xml, (key, rule, xml)
        faults = en16931.faults(xml.replace(old, new).encode())
        assert any(f.startswith(rule + " ") for f in faults), (rule, faults)


def credit_notes(c, invoices):
    """Of lines and of all that is left, in every category; what they say stands by its own."""
    reason = {'Phial_Reason': 'a test'}
    for key in ('reduced', 'yen', 'zero', 'reverse', 'supply', 'exported', 'untaxed', 'exempt', 'exempt-reverse', 'canaries', 'discounted',
                'maximum', 'plain', 'pacific', 'long', 'prepaid'):
        line = max(get(c, invoices[key], 'json').json['lines'], key=lambda line: float(line['amount']))
        part = line['amount'].partition('.')[0] if key == 'yen' else f'{float(line["amount"]) / 3:.2f}'
        ask = {'invoice': invoices[key]['id'], 'reason_code': 'duplicate', 'lines': [{'key': line['key'], 'amount': part}]}
        for ask in [ask] if key == 'yen' else [ask, {'invoice': invoices[key]['id'], 'reason_code': 'goodwill'}]:
            note = c.post('/v1/credit-notes', ask, **reason)
            xml = c.expect(200, 'GET', f'/v1/credit-notes/{note["id"]}.xml').bytes
            check_rules(key, xml)
            assert b'<CreditNote' in xml and get(c, invoices[key], 'json').json['number'].encode() in xml, key
            assert f'>{note["total"]}</cbc:PayableAmount>'.encode() in xml, key
    return 31


def paid(c, invoice):
    """What is paid on it later changes nothing of what was issued; what was paid before is told."""
    xml = get(c, invoice, 'xml').bytes
    assert b'>100.01</cbc:PrepaidAmount>' in xml, xml
    c.post(f'/v1/invoices/{invoice["id"]}/payments', {'amount': '1.00', 'reference': 'r-1', 'at': '2031-12-02T05:00:00Z'})
    assert get(c, invoice, 'xml').bytes == xml


def is_credit_note(c, row):
    """By its own address and among the credit notes."""
    for path in ('/v1/invoices/', '/v1/credit-notes/'):
        xml = c.expect(200, 'GET', f'{path}{row["id"]}.xml').bytes
        check_rules(row['customer'], xml)
        assert b'>381<' in xml and b'BillingReference' not in xml, xml
        assert f'<cbc:ID>{row["number"]}</cbc:ID>'.encode() in xml and f'>{row["total"][1:]}</cbc:PayableAmount>'.encode() in xml, xml


def december(c):
    """Another month: what came late, what was voided, days that come back, the zone's own days."""
    c.post('/v1/events', [{'id': 'late', 'customer': 'arabic', 'type': 'image', 'time': '2031-11-30T10:00:00Z', 'properties': {'modality': 'ct'}}], 200)
    c.post('/v1/events/markup/markup-0/void', {}, 201, Phial_Reason='a test')
    ahead, = c.get('/v1/subscriptions?customer=ahead')['data']
    c.post(f'/v1/subscriptions/{ahead["id"]}/cancel', {'at': '2031-12-10T00:00:00Z'}, 200)
    c.put('/v1/test-clock', {'now': '2032-01-02T12:00:00Z'}, 200)
    c.post('/v1/billing/run', {}, 200)
    rows = [row for row in c.get('/v1/invoices?limit=500&from=2031-12-01T00:00:00Z')['data'] if row['status'] == 'issued']
    checked = 0
    for row in rows:
        checked += check_ubl(c, row['customer'], row)
        if row['total'].startswith('-'):
            is_credit_note(c, row)
    assert {'ahead'} == {row['customer'] for row in rows if row['total'].startswith('-')}, rows
    assert any(line['kind'] == 'adjustment' for row in rows if row['customer'] == 'arabic' for line in get(c, row, 'json').json['lines'])
    note, = c.get('/v1/credit-notes?customer=markup')['data']
    check_rules('markup', c.expect(200, 'GET', f'/v1/credit-notes/{note["id"]}.xml').bytes)
    return checked + 1


def check_choice(c, invoice):
    """By Accept as by suffix; an ETag that holds."""
    path = '/v1/invoices/' + invoice['id']
    for suffix, media in TYPES.items():
        bare = media.partition(';')[0]
        chosen = c.expect(200, 'GET', path, Accept=bare + ', image/png;q=0.9')
        assert chosen.headers['Content-Type'] == media and chosen.headers['Vary'] == 'Accept', chosen.headers.items()
        assert chosen.bytes == get(c, invoice, suffix).bytes
        tag = chosen.headers['ETag']
        assert c.send('GET', path, Accept=bare, If_None_Match=tag).status == 304
    browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    assert c.expect(200, 'GET', path, Accept=browser).headers['Content-Type'] == TYPES['html']
    c.expect(406, 'GET', path, Accept='image/png')
    c.expect(404, 'GET', path + '.doc')


def check_same_elsewhere(server, invoices):
    """Another daemon on the same data, and later."""
    second = phial.Daemon(server.folder, ['--config', server.folder + '/phial.conf'], log='.second.log')
    for key in ('yen', 'arabic', 'many', 'markup'):
        for suffix in ('pdf', 'html', 'xml'):
            first, other = get(server.client, invoices[key], suffix), get(second.client, invoices[key], suffix)
            assert first.bytes == other.bytes and first.headers['ETag'] == other.headers['ETag'], (key, suffix)
    second.remove()


def check_export(c, server, invoice, pdf):
    archive = phial.export(c, '/tmp', {'customer': invoice['customer'], 'purpose': 'audit'})
    with tarfile.open(archive) as tar:
        name = f'invoices/{invoice["number"]}'
        assert tar.extractfile(name + '.pdf').read() == pdf
        assert {name + '.json', name + '.pdf'} <= set(tar.getnames())
    code, said = phial.verify(archive, server.folder + '/ledger.pub.pem')
    assert code == 0, said
    os.unlink(archive)


def check_life(c, invoice):
    """The address of its issue stays; a void is marked, and no UBL."""
    moved = dict(CUSTOMERS['standard'][0], name='Renamed')
    tag = c.expect(200, 'GET', '/v1/customers/standard').headers['ETag']
    before = get(c, invoice, 'pdf').bytes
    c.put('/v1/test-clock', {'now': '2031-12-05T00:00:00Z'}, 200)
    c.put('/v1/customers/standard', moved, 200, If_Match=tag)
    assert get(c, invoice, 'pdf').bytes == before
    c.post(f'/v1/invoices/{invoice["id"]}/void', {}, 200, Phial_Reason='a test')
    assert 'VOID' in tool('pdftotext', get(c, invoice, 'pdf').bytes) and b'>VOID<' in get(c, invoice, 'html').bytes
    get(c, invoice, 'xml', 409)


def main():
    server = phial.Server('--test-clock', environment={'PHIAL_SELLER_' + k: v for k, v in SELLER.items()})
    c = server.client
    c.put('/v1/test-clock', {'now': '2031-11-03T12:00:00Z'}, 200)
    catalog(c)
    c.put('/v1/test-clock', {'now': '2031-12-01T06:00:00Z'}, 200)
    draft = c.get('/v1/invoices?customer=standard&status=draft')['data'][0]
    text, _ = check_paper(c, draft)
    assert 'DRAFT' in text and 'IBAN' not in text
    assert get(c, draft, 'xml', 409).json['code'] == 'conflict'

    c.put('/v1/test-clock', {'now': '2031-12-02T06:00:00Z'}, 200)
    rows = [row for row in c.get('/v1/invoices?limit=500')['data'] if row['status'] == 'issued']
    invoices = {row['customer']: row for row in rows if row['period']['number'] != 0}
    assert set(invoices) == set(CUSTOMERS), set(CUSTOMERS) - set(invoices)
    checked = sum(check_ubl(c, key, invoice) for key, invoice in invoices.items())
    assert checked == sum(len(category) <= 2 for _, _, category in CUSTOMERS.values()) == 38, checked
    opening = [row for row in rows if row['period']['number'] == 0]
    assert len(opening) == 1 and check_ubl(c, 'ahead', opening[0]) == 1, opening
    for key in ('dollars', 'dinar', 'untaxed', 'exempt', 'maximum', 'even', 'zero'):
        text, _ = check_paper(c, invoices[key])
        assert 'modality: ct' in text or key != 'zero'
        assert 'Page 1 of 1' in text and 'IE29 AIBK 9311 5212 3456 78' in text, text
    assert 'مستشفى'[::-1] in tool('pdftotext', get(c, invoices['arabic'], 'pdf').bytes) or 'مستشفى' in tool('pdftotext', get(c, invoices['arabic'], 'pdf').bytes)
    assert '東京中央病院' in tool('pdftotext', get(c, invoices['yen'], 'pdf').bytes)
    text, pdf = check_paper(c, invoices['many'])
    about = tool('pdfinfo', pdf)
    pages = int(re.search(r'Pages: +(\d+)', about).group(1))
    assert pages >= 5 and 'Tagged:          yes' in about and f'Page {pages} of {pages}' in text, about
    assert text.count('Carried forward') == text.count('Brought forward') == pages - 1
    assert text.count('Description') == pages
    check_checker(c, invoices)
    if en16931.official(get(c, invoices['standard'], 'xml').bytes) is None:
        print('SKIPPED: the published EN 16931 stylesheet is not at hand (PHIAL_EN16931_XSLT, PHIAL_SAXON)')
    is_credit_note(c, invoices['below'])
    paid(c, invoices['prepaid'])
    checked += credit_notes(c, invoices)
    check_choice(c, invoices['reverse'])
    check_same_elsewhere(server, invoices)
    check_export(c, server, invoices['many'], pdf)
    check_life(c, invoices['standard'])
    checked += december(c)
    server.stop()
    server.remove()
    print(f'ok: {checked} documents by {len(en16931.asserted())} rules')


main()
