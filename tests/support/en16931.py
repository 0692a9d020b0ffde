# SPDX-License-Identifier: Apache-2.0
"""The rules of EN 16931 and Peppol BIS 3, by their published names, on UBL as it was sent: faults(xml) lists those broken.
Written from the rules' texts, apart from the daemon; Decimal arithmetic throughout.

Every element that a document of ours may hold stands in TREE, in the schema's order: what is not there cannot break a rule of its own, so
TREE answers for all of those at once. The other tables have a row a rule.

Where PHIAL_EN16931_XSLT names the published validation stylesheet and PHIAL_SAXON a Saxon jar, official(xml) runs them."""
import datetime
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import en16931_codes as codes

UBL = 'urn:oasis:names:specification:ubl:schema:xsd:'
NS = {'cbc': UBL + 'CommonBasicComponents-2', 'cac': UBL + 'CommonAggregateComponents-2'}
PLAIN = 'urn:cen.eu:en16931:2017'
PEPPOL = PLAIN + '#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0'

ADDRESS = '''cbc:StreetName ?
cbc:AdditionalStreetName ?
cbc:CityName ?
cbc:PostalZone ?
cbc:CountrySubentity ?
cac:Country 1 {0}
  cbc:IdentificationCode 1 {0}'''
PARTY = '''cbc:EndpointID ? XSD XSD schemeID {endpoint}
cac:PartyIdentification ? XSD {id}
  cbc:ID 1 XSD XSD
cac:PartyName 1 XSD {trade}
  cbc:Name 1
cac:PostalAddress 1 {address}
  ''' + ADDRESS.replace('\n', '\n  ').replace('{0}', '{country}') + '''
cac:PartyTaxScheme {schemes} XSD {scheme}
  cbc:CompanyID 1
  cac:TaxScheme 1
    cbc:ID 1
cac:PartyLegalEntity 1 {name}
  cbc:RegistrationName 1 {name} {names}
  cbc:CompanyID ? XSD {legal}
cac:Contact ?
  cbc:ElectronicMail 1'''


def indented(text, by):
    return text.replace('\n', '\n' + ' ' * by)


# Element, how many (1 ? * + or at most so many), the rule that wants it, the rule against more, its attribute and the rule that wants that.
TREE = '''
cbc:CustomizationID 1 BR-01
cbc:ProfileID 1 PEPPOL-EN16931-R001
cbc:ID 1 BR-02
cbc:IssueDate 1 BR-03
Invoice cbc:DueDate ?
Invoice cbc:InvoiceTypeCode 1 BR-04
CreditNote cbc:CreditNoteTypeCode 1 BR-04
cbc:Note ? XSD PEPPOL-EN16931-R002
cbc:DocumentCurrencyCode 1 BR-05
cbc:BuyerReference ?
cac:InvoicePeriod ? XSD UBL-SR-08
  cbc:StartDate 1 BR-CO-19
  cbc:EndDate 1 BR-CO-19
cac:BillingReference ?
  cac:InvoiceDocumentReference 1 BR-55 UBL-SR-06
    cbc:ID 1 UBL-SR-07
cac:AccountingSupplierParty 1
  cac:Party 1
    ''' + indented(PARTY.format(endpoint='BR-62', id='XSD', trade='UBL-SR-10', address='BR-08', country='BR-09', schemes='2',
                                scheme='UBL-SR-42', name='BR-06', names='UBL-SR-09', legal='UBL-SR-11'), 4) + '''
cac:AccountingCustomerParty 1
  cac:Party 1
    ''' + indented(PARTY.format(endpoint='BR-63', id='UBL-SR-16', trade='UBL-SR-40', address='BR-10', country='BR-11', schemes='1?',
                                scheme='UBL-SR-18', name='BR-07', names='UBL-SR-15', legal='UBL-SR-17'), 4) + '''
cac:Delivery ? XSD UBL-SR-24
  cac:DeliveryLocation 1
    cac:Address 1
      ''' + indented(ADDRESS.format('BR-57'), 6) + '''
cac:PaymentMeans ?
  cbc:PaymentMeansCode 1 BR-49 UBL-SR-47
  cbc:PaymentID ? XSD UBL-SR-26
  cac:PayeeFinancialAccount 1 BR-61
    cbc:ID 1 BR-50
    cbc:Name ?
cac:PaymentTerms ?
  cbc:Note 1 XSD UBL-SR-05
cac:TaxTotal 1 BR-CO-18 PEPPOL-EN16931-R053
  cbc:TaxAmount 1 XSD XSD currencyID XSD
  cac:TaxSubtotal + BR-CO-18
    cbc:TaxableAmount 1 BR-45 XSD currencyID XSD
    cbc:TaxAmount 1 BR-46 XSD currencyID XSD
    cac:TaxCategory 1 BR-47
      cbc:ID 1 BR-47
      cbc:Percent ?
      cbc:TaxExemptionReasonCode ?
      cbc:TaxExemptionReason ? XSD UBL-SR-32
      cac:TaxScheme 1 BR-47
        cbc:ID 1 BR-47
cac:LegalMonetaryTotal 1
  cbc:LineExtensionAmount 1 BR-12 XSD currencyID XSD
  cbc:TaxExclusiveAmount 1 BR-13 XSD currencyID XSD
  cbc:TaxInclusiveAmount 1 BR-14 XSD currencyID XSD
  cbc:PrepaidAmount ? XSD XSD currencyID XSD
  cbc:PayableAmount 1 BR-15 XSD currencyID XSD
cac:LINE + BR-16
  cbc:ID 1 BR-21
  cbc:Note ? XSD UBL-SR-34
  cbc:QUANTITY 1 BR-22 XSD unitCode BR-23
  cbc:LineExtensionAmount 1 BR-24 XSD currencyID XSD
  cac:InvoicePeriod ? XSD UBL-SR-36
    cbc:StartDate 1 BR-CO-20
    cbc:EndDate 1 BR-CO-20
  cac:AllowanceCharge *
    cbc:ChargeIndicator 1 PEPPOL-EN16931-R043
    cbc:AllowanceChargeReasonCode ?
    cbc:AllowanceChargeReason ? XSD UBL-SR-30
    cbc:Amount 1 BR-41 XSD currencyID XSD
  cac:Item 1
    cbc:Name 1 BR-25
    cac:SellersItemIdentification ?
      cbc:ID 1
    cac:ClassifiedTaxCategory 1 BR-CO-04 UBL-SR-48
      cbc:ID 1 BR-CO-04
      cbc:Percent ?
      cac:TaxScheme 1 BR-CO-04
        cbc:ID 1 BR-CO-04
    cac:AdditionalItemProperty *
      cbc:Name 1 BR-54
      cbc:Value 1 BR-54
  cac:Price 1 BR-26
    cbc:PriceAmount 1 BR-26 XSD currencyID XSD
    cbc:BaseQuantity ? XSD XSD unitCode PEPPOL-EN16931-R130
'''


class Node:
    """A row of TREE and what may stand below it."""

    def __init__(self, row):
        columns = row.split() + [None] * 5
        self.tag = '{%s}%s' % (NS[columns[0][:3]], columns[0][4:])
        self.least = int(columns[1] in ('1', '+'))
        self.most = {'*': 99999, '+': 99999}.get(columns[1], int(columns[1][0]) if columns[1][0].isdigit() else 1)
        self.wanted, self.against = columns[2] or 'XSD', columns[3] or 'XSD'
        self.attribute, self.attribute_wanted = columns[4], columns[5]
        self.below = []

    @staticmethod
    def rows(kind):
        text = TREE.replace('LINE', kind + 'Line').replace('QUANTITY', {'Invoice': 'Invoiced', 'CreditNote': 'Credited'}[kind] + 'Quantity')
        for row in text.strip('\n').splitlines():
            depth, row = (len(row) - len(row.lstrip())) // 2, row.strip()
            if row.startswith(kind + ' '):
                row = row.split(' ', 1)[1]
            if row.startswith('c'):
                yield depth, row

    @classmethod
    def tree(cls, kind):
        path = [[]]
        for depth, row in cls.rows(kind):
            del path[depth + 1:]
            path[depth].append(cls(row))
            path.append(path[depth][-1].below)
        return path[0]


TREES = {kind: Node.tree(kind) for kind in ('Invoice', 'CreditNote')}


def local(element):
    return element.tag.rsplit('}', 1)[1]


def cents(value):
    return value.quantize(Decimal('0.01'), ROUND_HALF_UP)


def nearest(value):
    """As XPath rounds: a half towards positive infinity."""
    return (value + Decimal('0.5')).to_integral_value(ROUND_FLOOR)


class Invoice:
    def __init__(self, xml):
        self.root = ET.fromstring(xml)
        self.kind = local(self.root)
        self.lines = self.all('cac:' + self.kind + 'Line')
        self.quantity = 'cbc:' + {'Invoice': 'Invoiced', 'CreditNote': 'Credited'}[self.kind] + 'Quantity'
        self.currency = self.text('cbc:DocumentCurrencyCode')
        self.peppol = self.text('cbc:CustomizationID').startswith(PEPPOL)
        self.total = self.root.find('cac:LegalMonetaryTotal', NS)
        self.subtotals = self.all('cac:TaxTotal/cac:TaxSubtotal')
        self.seller = self.root.find('cac:AccountingSupplierParty/cac:Party', NS)
        self.buyer = self.root.find('cac:AccountingCustomerParty/cac:Party', NS)

    def all(self, path, of=None):
        return (self.root if of is None else of).findall(path, NS)

    def text(self, path, of=None):
        found = (self.root if of is None else of).find(path, NS)
        return '' if found is None or found.text is None else found.text.strip()

    def number(self, path, of=None, default=Decimal(0)):
        text = self.text(path, of)
        return Decimal(text) if re.match(r'-?\d+(\.\d+)?$', text) else default

    def sum(self, path, of):
        return sum((self.number(path, element) for element in of), Decimal(0))

    def tax_ids(self, party):
        """Of a party, its tax identifiers by their scheme."""
        return [(self.text('cac:TaxScheme/cbc:ID', scheme), self.text('cbc:CompanyID', scheme))
                for scheme in self.all('cac:PartyTaxScheme', party)]

    def vat(self, party):
        return [tax_id for scheme, tax_id in self.tax_ids(party) if scheme == 'VAT']

    def category_lines(self, category, rate=None):
        of = 'cac:Item/cac:ClassifiedTaxCategory/cbc:'
        return [line for line in self.lines if self.text(of + 'ID', line) == category and
                (rate is None or self.number(of + 'Percent', line) == rate)]


def structure(invoice, fault):
    def walk(element, nodes):
        places = []
        for child in element:
            place = next((i for i, node in enumerate(nodes) if node.tag == child.tag), None)
            if place is None:
                fault('UBL-CR', local(element) + '/' + local(child))
                continue
            places.append(place)
            node = nodes[place]
            for name in set(child.attrib) - {node.attribute}:
                fault('UBL-DT', name)
            if node.attribute and not child.get(node.attribute):
                fault(node.attribute_wanted, local(child))
            walk(child, node.below)
        if places != sorted(places):
            fault('XSD', local(element))
        for i, node in enumerate(nodes):
            if places.count(i) < node.least:
                fault(node.wanted, node.tag.rsplit('}', 1)[1])
            if places.count(i) > node.most:
                fault(node.against, node.tag.rsplit('}', 1)[1])
    walk(invoice.root, TREES[invoice.kind])
    for element in invoice.root.iter():
        if len(element) == 0 and not (element.text or '').strip():
            fault('PEPPOL-EN16931-R008', local(element))


def is_date(text):
    try:
        return len(text) == 10 and datetime.date.fromisoformat(text) is not None
    except ValueError:
        return False


def two_decimals(text):
    return re.match(r'-?\d+(\.\d{1,2})?$', text) is not None


def note_subject_known(text):
    """No '#AAI#' at its front: ours has no subject code."""
    parts = text.split('#')
    return len(parts) < 3 or len(parts[1]) != 3


# Rule, where, what holds of the text there.
VALUES = (
    ('BR-CL-01', 'cbc:InvoiceTypeCode', codes.INVOICE_TYPES.__contains__),
    ('BR-CL-01', 'cbc:CreditNoteTypeCode', codes.CREDIT_NOTE_TYPES.__contains__),
    ('PEPPOL-EN16931-P0100', 'cbc:InvoiceTypeCode', codes.INVOICE_TYPES.__contains__),
    ('PEPPOL-EN16931-P0101', 'cbc:CreditNoteTypeCode', codes.CREDIT_NOTE_TYPES.__contains__),
    ('BR-CL-04', 'cbc:DocumentCurrencyCode', codes.CURRENCIES.__contains__),
    ('BR-CL-08', 'cbc:Note', note_subject_known),
    ('BR-CL-14', './/cac:Country/cbc:IdentificationCode', codes.COUNTRIES.__contains__),
    ('BR-CL-16', 'cac:PaymentMeans/cbc:PaymentMeansCode', codes.MEANS.__contains__),
    ('PEPPOL-EN16931-R061', 'cac:PaymentMeans/cbc:PaymentMeansCode', lambda text: text not in ('49', '59')),
    ('BR-CL-17', './/cac:TaxCategory/cbc:ID', codes.CATEGORIES.__contains__),
    ('BR-CL-18', './/cac:ClassifiedTaxCategory/cbc:ID', codes.CATEGORIES.__contains__),
    ('BR-B-01', './/cac:TaxCategory/cbc:ID', codes.CATEGORIES_OF_PEPPOL.__contains__),
    ('BR-CL-19', './/cbc:AllowanceChargeReasonCode', codes.ALLOWANCES.__contains__),
    ('PEPPOL-EN16931-CL002', './/cbc:AllowanceChargeReasonCode', codes.ALLOWANCES.__contains__),
    ('BR-CL-22', './/cbc:TaxExemptionReasonCode', lambda text: text.upper() in codes.VATEX),
    ('PEPPOL-EN16931-R043', './/cbc:ChargeIndicator', {'false'}.__contains__),
    ('BR-47', 'cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cac:TaxScheme/cbc:ID', {'VAT'}.__contains__),
    ('BR-CO-04', './/cac:ClassifiedTaxCategory/cac:TaxScheme/cbc:ID', {'VAT'}.__contains__),
    ('XSD', './/cbc:Percent', re.compile(r'-?\d+(\.\d+)?$').match),
    ('XSD', './/cbc:PriceAmount', re.compile(r'-?\d+(\.\d+)?$').match),
    ('BR-27', './/cbc:PriceAmount', lambda text: Decimal(text) >= 0),
    ('PEPPOL-EN16931-R121', './/cbc:BaseQuantity', lambda text: Decimal(text) > 0),
    ('PEPPOL-EN16931-R004', 'cbc:CustomizationID', lambda text: text in (PLAIN, PEPPOL)),
    ('PEPPOL-EN16931-R007', 'cbc:ProfileID', re.compile(r'urn:fdc:peppol.eu:2017:poacc:billing:\d\d:1.0$').match),
    *[('PEPPOL-EN16931-F001', './/cbc:' + name, is_date) for name in ('IssueDate', 'DueDate', 'StartDate', 'EndDate')],
    *[(f'BR-DEC-{rule:02}', path, two_decimals) for rule, path in (
        (9, 'cac:LegalMonetaryTotal/cbc:LineExtensionAmount'), (12, './/cbc:TaxExclusiveAmount'), (13, 'cac:TaxTotal/cbc:TaxAmount'),
        (14, './/cbc:TaxInclusiveAmount'), (16, './/cbc:PrepaidAmount'), (18, './/cbc:PayableAmount'), (19, './/cbc:TaxableAmount'),
        (20, 'cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount'), (23, './*/cbc:LineExtensionAmount'), (24, './/cbc:Amount'))],
    *[('UBL-DT-01', './/cbc:' + name, two_decimals) for name in (
        'Amount', 'TaxAmount', 'TaxableAmount', 'LineExtensionAmount', 'TaxExclusiveAmount', 'TaxInclusiveAmount', 'PrepaidAmount', 'PayableAmount')],
)

# Rule, attribute, what holds of its value.
ATTRIBUTES = (
    ('BR-CL-03', 'currencyID', lambda value, _: value in codes.CURRENCIES),
    ('PEPPOL-EN16931-CL007', 'currencyID', lambda value, _: value in codes.CURRENCIES),
    ('PEPPOL-EN16931-R051', 'currencyID', lambda value, invoice: value == invoice.currency),
    ('BR-CL-23', 'unitCode', lambda value, _: value in codes.UNITS),
    ('BR-CL-25', 'schemeID', lambda value, _: value in codes.EAS),
    ('PEPPOL-EN16931-CL008', 'schemeID', lambda value, invoice: not invoice.peppol or value in codes.EAS_OF_PEPPOL),
)


def due(invoice):
    """What is due of an invoice is due some day, or on some terms."""
    return invoice.kind != 'Invoice' or invoice.number('cbc:PayableAmount', invoice.total) <= 0 or \
        bool(invoice.text('cbc:DueDate') or invoice.text('cac:PaymentTerms/cbc:Note'))


def ends_after_start(invoice, of):
    return all(invoice.text('cbc:StartDate', period) <= invoice.text('cbc:EndDate', period) for period in invoice.all(of))


def claims(invoice, holds):
    return not invoice.peppol or holds


def endpoints_fit(invoice, rule):
    for endpoint in invoice.all('.//cbc:EndpointID'):
        name, fits = codes.ENDPOINTS.get(endpoint.get('schemeID'), ('', None))
        if name == rule and invoice.peppol and not fits((endpoint.text or '').strip()):
            return False
    return True


def at_total(invoice, name):
    return invoice.number('cbc:' + name, invoice.total)


def no_national_rules(invoice):
    of_seller = {tax_id[:2] for tax_id in invoice.vat(invoice.seller)} | {invoice.text('.//cbc:IdentificationCode', invoice.seller)}
    return claims(invoice, not of_seller & codes.NATIONAL)


# Rule, what holds of the whole.
WHOLE = (
    ('BR-CO-09', lambda i: all(tax_id[:2] in codes.COUNTRIES | {'EL'} for party in (i.seller, i.buyer) for tax_id in i.vat(party))),
    ('BR-CO-10', lambda i: at_total(i, 'LineExtensionAmount') == cents(i.sum('cbc:LineExtensionAmount', i.lines))),
    ('BR-CO-13', lambda i: at_total(i, 'TaxExclusiveAmount') == at_total(i, 'LineExtensionAmount')),
    ('BR-CO-14', lambda i: i.number('cac:TaxTotal/cbc:TaxAmount') == cents(i.sum('cbc:TaxAmount', i.subtotals))),
    ('BR-CO-15', lambda i: at_total(i, 'TaxInclusiveAmount') == at_total(i, 'TaxExclusiveAmount') + i.number('cac:TaxTotal/cbc:TaxAmount')),
    ('BR-CO-16', lambda i: at_total(i, 'PayableAmount') == at_total(i, 'TaxInclusiveAmount') - at_total(i, 'PrepaidAmount')),
    ('BR-CO-25', due),
    ('BR-CO-26', lambda i: i.vat(i.seller) or i.text('cac:PartyIdentification/cbc:ID', i.seller) or
     i.text('cac:PartyLegalEntity/cbc:CompanyID', i.seller)),
    ('BR-29', lambda i: ends_after_start(i, 'cac:InvoicePeriod')),
    ('BR-30', lambda i: ends_after_start(i, './*/cac:InvoicePeriod')),
    ('BR-B-02', lambda i: len({i.text('cac:TaxCategory/cbc:ID', s) for s in i.subtotals} & {'B', 'S'}) < 2),
    ('UBL-SR-12', lambda i: len(i.vat(i.seller)) <= 1),
    ('UBL-SR-13', lambda i: len(i.tax_ids(i.seller)) - len(i.vat(i.seller)) <= 1),
    ('BR-21', lambda i: len({i.text('cbc:ID', line) for line in i.lines}) == len(i.lines)),
    ('PEPPOL-EN16931-R003', lambda i: claims(i, i.text('cbc:BuyerReference'))),
    ('PEPPOL-EN16931-R010', lambda i: claims(i, i.text('cbc:EndpointID', i.buyer))),
    ('PEPPOL-EN16931-R020', lambda i: claims(i, i.text('cbc:EndpointID', i.seller))),
    ('PEPPOL-national', no_national_rules),
    *[('PEPPOL-COMMON-' + rule, lambda i, rule=rule: endpoints_fit(i, rule)) for rule in sorted(name for name, _ in codes.ENDPOINTS.values())],
)


def line_amounts(invoice, line):
    """Within two cents, whatever the currency."""
    base = invoice.number('cac:Price/cbc:BaseQuantity', line) or Decimal(1)
    price = invoice.number('cac:Price/cbc:PriceAmount', line)
    exact = invoice.number(invoice.quantity, line) * price / base - invoice.sum('cbc:Amount', invoice.all('cac:AllowanceCharge', line))
    return abs(exact - invoice.number('cbc:LineExtensionAmount', line)) <= Decimal('0.02')


def inside(invoice, line, name):
    whole, own = invoice.text('cac:InvoicePeriod/cbc:' + name), invoice.text('cac:InvoicePeriod/cbc:' + name, line)
    return not whole or not own or (own >= whole if name == 'StartDate' else own <= whole)


def has_reason(invoice, line):
    return all(invoice.text('cbc:AllowanceChargeReason', allowance) or invoice.text('cbc:AllowanceChargeReasonCode', allowance)
               for allowance in invoice.all('cac:AllowanceCharge', line))


def same_unit(invoice, line):
    base = line.find('cac:Price/cbc:BaseQuantity', NS)
    quantity = line.find(invoice.quantity, NS)
    return base is None or quantity is None or base.get('unitCode') == quantity.get('unitCode')


# Rule, what holds of each line.
LINES = (
    ('BR-42', has_reason), ('BR-CO-23', has_reason),
    ('PEPPOL-EN16931-R110', lambda i, line: inside(i, line, 'StartDate')),
    ('PEPPOL-EN16931-R111', lambda i, line: inside(i, line, 'EndDate')),
    ('PEPPOL-EN16931-R120', line_amounts), ('PEPPOL-EN16931-R130', same_unit),
    ('XSD', lambda i, line: re.match(r'-?\d+(\.\d+)?$', i.text(i.quantity, line))),
)

# Category, its rules' name, its rate, whether it is taxed, has a reason, and whose identifiers it wants.
TAXATION = (
    ('S', 'S', lambda rate: rate > 0, True, False, lambda seller, buyer: seller),
    ('Z', 'Z', lambda rate: rate == 0, False, False, lambda seller, buyer: seller),
    ('E', 'E', lambda rate: rate == 0, False, True, lambda seller, buyer: seller),
    ('AE', 'AE', lambda rate: rate == 0, False, True, lambda seller, buyer: seller and buyer & {'VAT', 'legal'}),
    ('K', 'IC', lambda rate: rate == 0, False, True, lambda seller, buyer: 'VAT' in seller and 'VAT' in buyer),
    ('G', 'G', lambda rate: rate == 0, False, True, lambda seller, buyer: 'VAT' in seller),
    ('O', 'O', lambda rate: rate is None, False, True, lambda seller, buyer: not {'VAT'} & (seller | buyer)),
    ('L', 'IG', lambda rate: rate >= 0, True, False, lambda seller, buyer: seller),
    ('M', 'IP', lambda rate: rate >= 0, True, False, lambda seller, buyer: seller),
)
COMPARABLE = 'cac:Item/cac:ClassifiedTaxCategory/cbc:Percent'


def close(tax, base, rate):
    """Within less than one unit of the currency, signs apart."""
    exact = cents(abs(base) * rate / 100)
    return abs(tax) - 1 < exact < abs(tax) + 1


def taxed_rightly(invoice, fault, subtotal, rule, taxed):
    base, tax = invoice.number('cbc:TaxableAmount', subtotal), invoice.number('cbc:TaxAmount', subtotal)
    category, rate = invoice.text('cac:TaxCategory/cbc:ID', subtotal), invoice.number('cac:TaxCategory/cbc:Percent', subtotal, None)
    if rate is None and category != 'O':
        fault('BR-48', category)
    of_rate = invoice.sum('cbc:LineExtensionAmount', invoice.category_lines(category, rate if taxed else None))
    if abs(base - of_rate) >= 1 if taxed else base != of_rate:
        fault(f'BR-{rule}-08', base)
    if not close(tax, base, rate or Decimal(0)) if taxed else tax != 0:
        fault(f'BR-{rule}-09', tax)
    if nearest(tax) != 0 if nearest(rate or Decimal(0)) == 0 else not close(tax, base, rate):
        fault('BR-CO-17', tax)


def category(invoice, fault, row):
    code, rule, rate_fits, taxed, has_reason, identified = row
    subtotals = [s for s in invoice.subtotals if invoice.text('cac:TaxCategory/cbc:ID', s) == code]
    lines = invoice.category_lines(code)
    if bool(lines) != bool(subtotals) or len(subtotals) > (99 if taxed else 1):
        fault(f'BR-{rule}-01', len(subtotals))
    if not lines:
        return
    seller = {scheme for scheme, _ in invoice.tax_ids(invoice.seller)}
    buyer = {'VAT'} if invoice.vat(invoice.buyer) else set()
    if invoice.text('cac:PartyLegalEntity/cbc:CompanyID', invoice.buyer):
        buyer.add('legal')
    if not identified(seller, buyer):
        fault(f'BR-{rule}-02', sorted(seller))
    if not all(rate_fits(invoice.number(COMPARABLE, line, None)) if code == 'O' or invoice.text(COMPARABLE, line) else False for line in lines):
        fault(f'BR-{rule}-05', code)
    for subtotal in subtotals:
        taxed_rightly(invoice, fault, subtotal, rule, taxed)
        reasons = [invoice.text('cac:TaxCategory/cbc:TaxExemptionReason' + name, subtotal) for name in ('', 'Code')]
        if bool(reasons[0] or reasons[1]) != has_reason:
            fault(f'BR-{rule}-10', reasons)
        belongs, name = codes.VATEX_CATEGORY.get(reasons[1].upper(), (code, ''))
        if belongs != code:
            fault('PEPPOL-EN16931-' + name, code)


def taxes(invoice, fault):
    for row in TAXATION:
        category(invoice, fault, row)
    found = {invoice.text('cac:TaxCategory/cbc:ID', subtotal) for subtotal in invoice.subtotals}
    if 'O' in found and len(invoice.subtotals) > 1:
        fault('BR-O-11', found)
    if 'O' in found and len(invoice.category_lines('O')) != len(invoice.lines):
        fault('BR-O-12', '')
    if 'K' in found and not invoice.all('cac:InvoicePeriod/*'):
        fault('BR-IC-11', '')
    if 'K' in found and not invoice.text('cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode'):
        fault('BR-IC-12', '')


def tables(invoice, fault):
    for rule, path, holds in VALUES:
        for element in invoice.all(path):
            if not holds((element.text or '').strip()):
                fault(rule, element.text)
    for element in invoice.root.iter():
        for rule, name, holds in ATTRIBUTES:
            if name in element.attrib and not holds(element.get(name), invoice):
                fault(rule, element.get(name))
    for rule, holds in WHOLE:
        if not holds(invoice):
            fault(rule, '')
    for line in invoice.lines:
        for rule, holds in LINES:
            if not holds(invoice, line):
                fault(rule, invoice.text('cbc:ID', line))


def faults(xml):
    invoice, found = Invoice(xml), []
    fault = lambda rule, about: found.append(f'{rule} {about}')  # noqa: E731
    structure(invoice, fault)
    if not found:  # what lacks its elements is not read further
        tables(invoice, fault)
        taxes(invoice, fault)
    return found


def asserted():
    """The names of all rules that faults() can name, UBL-CR and UBL-DT-08 to 28 for those of what is never written."""
    names = {row[0] for table in (VALUES, ATTRIBUTES, WHOLE, LINES) for row in table}
    names |= {name for row in TREE.split('\n') for name in row.split() if re.match(r'(BR|UBL|PEPPOL)-', name)}
    names |= {f'BR-{row[1]}-{number:02}' for row in TAXATION for number in (1, 2, 5, 8, 9, 10)}
    names |= {'BR-48', 'BR-CO-17', 'BR-O-11', 'BR-O-12', 'BR-IC-11', 'BR-IC-12', 'PEPPOL-EN16931-R008', 'UBL-CR', 'UBL-DT'}
    return names | {'PEPPOL-EN16931-' + name for _, name in codes.VATEX_CATEGORY.values()}


def official(xml):
    """The failed assertions of the published stylesheet, or None where it is not at hand."""
    sheet, saxon = os.environ.get('PHIAL_EN16931_XSLT'), os.environ.get('PHIAL_SAXON')
    if not sheet or not saxon:
        return None
    with tempfile.NamedTemporaryFile(suffix='.xml') as source:
        source.write(xml)
        source.flush()
        report = subprocess.run(['java', '-jar', saxon, '-s:' + source.name, '-xsl:' + sheet], capture_output=True, check=True).stdout
    failed = [e for e in ET.fromstring(report).iter() if local(e) == 'failed-assert' and e.get('flag') != 'warning']
    return [e.get('id') for e in failed]
