# SPDX-License-Identifier: Apache-2.0
"""The rules of EN 16931 and Peppol BIS 3, by their published names, on UBL as it was sent: faults(xml) lists those broken.
Written from the standard's texts, apart from the daemon; Decimal arithmetic throughout.

Where PHIAL_EN16931_XSLT names the published validation stylesheet and PHIAL_SAXON a Saxon jar, official(xml) runs them."""
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from decimal import ROUND_HALF_UP, Decimal

UBL = 'urn:oasis:names:specification:ubl:schema:xsd:'
NS = {'cbc': UBL + 'CommonBasicComponents-2', 'cac': UBL + 'CommonAggregateComponents-2'}
PEPPOL = 'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0'
CATEGORIES = {'AE', 'E', 'G', 'K', 'L', 'M', 'O', 'S', 'Z'}
AMOUNTS = {'Amount', 'BaseAmount', 'TaxAmount', 'TaxableAmount', 'LineExtensionAmount', 'TaxExclusiveAmount',
           'TaxInclusiveAmount', 'AllowanceTotalAmount', 'ChargeTotalAmount', 'PrepaidAmount', 'PayableAmount'}
DATE = re.compile(r'\d{4}-\d\d-\d\d$')

# The schema's order of what may stand in an element, as far as an invoice of ours can use it.
ORDER = {
    'Invoice': 'CustomizationID ProfileID ID IssueDate DueDate InvoiceTypeCode Note TaxPointDate DocumentCurrencyCode BuyerReference '
               'InvoicePeriod OrderReference BillingReference AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans '
               'PaymentTerms AllowanceCharge TaxTotal LegalMonetaryTotal InvoiceLine',
    'CreditNote': 'CustomizationID ProfileID ID IssueDate TaxPointDate CreditNoteTypeCode Note DocumentCurrencyCode BuyerReference '
                  'InvoicePeriod OrderReference BillingReference AccountingSupplierParty AccountingCustomerParty Delivery PaymentMeans '
                  'PaymentTerms AllowanceCharge TaxTotal LegalMonetaryTotal CreditNoteLine',
    'Party': 'EndpointID PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact',
    'PostalAddress': 'StreetName AdditionalStreetName CityName PostalZone CountrySubentity AddressLine Country',
    'PartyTaxScheme': 'CompanyID TaxScheme',
    'PartyLegalEntity': 'RegistrationName CompanyID CompanyLegalForm',
    'InvoicePeriod': 'StartDate EndDate DescriptionCode',
    'PaymentMeans': 'PaymentMeansCode PaymentDueDate PaymentID CardAccount PayeeFinancialAccount PaymentMandate',
    'PayeeFinancialAccount': 'ID Name FinancialInstitutionBranch',
    'TaxTotal': 'TaxAmount TaxSubtotal',
    'TaxSubtotal': 'TaxableAmount TaxAmount TaxCategory',
    'TaxCategory': 'ID Percent TaxExemptionReasonCode TaxExemptionReason TaxScheme',
    'ClassifiedTaxCategory': 'ID Percent TaxScheme',
    'LegalMonetaryTotal': 'LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount '
                          'PrepaidAmount PayableRoundingAmount PayableAmount',
    'InvoiceLine': 'ID Note InvoicedQuantity LineExtensionAmount InvoicePeriod DocumentReference AllowanceCharge Item Price',
    'CreditNoteLine': 'ID Note CreditedQuantity LineExtensionAmount InvoicePeriod DocumentReference AllowanceCharge Item Price',
    'AllowanceCharge': 'ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason MultiplierFactorNumeric Amount BaseAmount '
                       'TaxCategory',
    'Item': 'Description Name SellersItemIdentification OriginCountry ClassifiedTaxCategory AdditionalItemProperty',
    'AdditionalItemProperty': 'Name Value',
    'Price': 'PriceAmount BaseQuantity AllowanceCharge',
}


def local(element):
    return element.tag.rsplit('}', 1)[1]


class Invoice:
    def __init__(self, xml):
        self.root = ET.fromstring(xml)
        self.kind = local(self.root)
        self.line_name = self.kind + 'Line'
        self.lines = self.all('cac:' + self.line_name)

    def all(self, path, of=None):
        return (self.root if of is None else of).findall(path, NS)

    def text(self, path, of=None):
        found = (self.root if of is None else of).find(path, NS)
        return '' if found is None or found.text is None else found.text.strip()

    def number(self, path, of=None, default=None):
        text = self.text(path, of)
        return Decimal(text) if text else default


def cents(value):
    return value.quantize(Decimal('0.01'), ROUND_HALF_UP)


def structure(invoice, fault):
    for element in invoice.root.iter():
        name, children = local(element), [local(child) for child in element]
        if not children and not (element.text or '').strip():
            fault('PEPPOL-EN16931-R008', name)
        if name in ORDER:
            order = ORDER[name].split()
            places = [order.index(child) if child in order else -1 for child in children]
            if -1 in places or places != sorted(places):
                fault('XSD', name)
        elif len(children) > 1 and name not in ('DeliveryLocation', 'Address'):
            fault('XSD', name)
        if name in AMOUNTS or name == 'PriceAmount':
            if element.get('currencyID') != invoice.text('cbc:DocumentCurrencyCode'):
                fault('PEPPOL-EN16931-R051', name)
            if not re.match(r'-?\d+(\.\d+)?$', element.text):
                fault('XSD', name)
            if name in AMOUNTS and -Decimal(element.text).as_tuple().exponent > 2:
                fault('UBL-DT-01', name)
        if name.endswith('Date') and not DATE.match(element.text or ''):
            fault('XSD', name)
        if name == 'EndpointID' and not element.get('schemeID'):
            fault('BR-62', name)


def document(invoice, fault):
    seller, buyer = 'cac:AccountingSupplierParty/cac:Party/', 'cac:AccountingCustomerParty/cac:Party/'
    code = {'Invoice': 'cbc:InvoiceTypeCode', 'CreditNote': 'cbc:CreditNoteTypeCode'}[invoice.kind]
    required = [
        ('BR-01', 'cbc:CustomizationID'), ('BR-02', 'cbc:ID'), ('BR-03', 'cbc:IssueDate'), ('BR-04', code),
        ('BR-05', 'cbc:DocumentCurrencyCode'), ('BR-06', seller + 'cac:PartyLegalEntity/cbc:RegistrationName'),
        ('BR-07', buyer + 'cac:PartyLegalEntity/cbc:RegistrationName'),
        ('BR-09', seller + 'cac:PostalAddress/cac:Country/cbc:IdentificationCode'),
        ('BR-11', buyer + 'cac:PostalAddress/cac:Country/cbc:IdentificationCode'),
        ('BR-12', 'cac:LegalMonetaryTotal/cbc:LineExtensionAmount'), ('BR-13', 'cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount'),
        ('BR-14', 'cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount'), ('BR-15', 'cac:LegalMonetaryTotal/cbc:PayableAmount'),
        ('BR-CO-18', 'cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount')]
    for rule, path in required:
        if not invoice.text(path):
            fault(rule, path)
    if not invoice.lines:
        fault('BR-16', '')
    if invoice.text(code) not in ({'380'} if invoice.kind == 'Invoice' else {'381'}):
        fault('BR-CL-01', invoice.text(code))
    for country in invoice.root.iter('{%s}IdentificationCode' % NS['cbc']):
        if not re.match('[A-Z]{2}$', country.text or ''):
            fault('BR-CL-14', country.text)
    for scheme in invoice.root.iter('{%s}PartyTaxScheme' % NS['cac']):
        if invoice.text('cac:TaxScheme/cbc:ID', scheme) == 'VAT' and not re.match('[A-Z]{2}.', invoice.text('cbc:CompanyID', scheme)):
            fault('BR-CO-09', '')
    if not any(invoice.text(seller + path) for path in ('cac:PartyIdentification/cbc:ID', 'cac:PartyLegalEntity/cbc:CompanyID',
                                                       'cac:PartyTaxScheme/cbc:CompanyID')):
        fault('BR-CO-26', '')
    for period in invoice.root.iter('{%s}InvoicePeriod' % NS['cac']):
        start, end = invoice.text('cbc:StartDate', period), invoice.text('cbc:EndDate', period)
        if not (start or end):
            fault('BR-CO-19', '')
        if start and end and end < start:
            fault('BR-29', start)
    for means in invoice.all('cac:PaymentMeans'):
        if not invoice.text('cbc:PaymentMeansCode', means):
            fault('BR-49', '')
        if invoice.text('cbc:PaymentMeansCode', means) in ('30', '58') and not invoice.text('cac:PayeeFinancialAccount/cbc:ID', means):
            fault('BR-61', '')
    for reference in invoice.all('cac:BillingReference'):
        if not invoice.text('cac:InvoiceDocumentReference/cbc:ID', reference):
            fault('BR-55', '')


def totals(invoice, fault):
    total = invoice.root.find('cac:LegalMonetaryTotal', NS)
    amount = lambda name: invoice.number('cbc:' + name, total, Decimal(0))  # noqa: E731
    lines = sum((invoice.number('cbc:LineExtensionAmount', line) for line in invoice.lines), Decimal(0))
    tax = invoice.number('cac:TaxTotal/cbc:TaxAmount')
    subtotals = invoice.all('cac:TaxTotal/cac:TaxSubtotal')
    if amount('LineExtensionAmount') != cents(lines):
        fault('BR-CO-10', lines)
    if amount('TaxExclusiveAmount') != amount('LineExtensionAmount') - amount('AllowanceTotalAmount') + amount('ChargeTotalAmount'):
        fault('BR-CO-13', '')
    if tax != cents(sum(invoice.number('cbc:TaxAmount', s) for s in subtotals)):
        fault('BR-CO-14', '')
    if amount('TaxInclusiveAmount') != amount('TaxExclusiveAmount') + tax:
        fault('BR-CO-15', '')
    if amount('PayableAmount') != amount('TaxInclusiveAmount') - amount('PrepaidAmount'):
        fault('BR-CO-16', '')
    if amount('PayableAmount') > 0 and not invoice.text('cbc:DueDate') and not invoice.text('cac:PaymentTerms/cbc:Note'):
        fault('BR-CO-25', '')
    if len(invoice.all('cac:TaxTotal')) != 1:
        fault('PEPPOL-EN16931-R053', '')


def taxes(invoice, fault):
    seller = 'cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme'
    sold = {invoice.text('cac:TaxScheme/cbc:ID', s): invoice.text('cbc:CompanyID', s) for s in invoice.all(seller)}
    bought = invoice.text('cac:AccountingCustomerParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID')
    of_lines = {(invoice.text('cac:Item/cac:ClassifiedTaxCategory/cbc:ID', line),
                 invoice.text('cac:Item/cac:ClassifiedTaxCategory/cbc:Percent', line)) for line in invoice.lines}
    of_totals = []
    for subtotal in invoice.all('cac:TaxTotal/cac:TaxSubtotal'):
        category = invoice.text('cac:TaxCategory/cbc:ID', subtotal)
        percent = invoice.text('cac:TaxCategory/cbc:Percent', subtotal)
        base, tax = invoice.number('cbc:TaxableAmount', subtotal), invoice.number('cbc:TaxAmount', subtotal)
        of_totals.append((category, percent))
        if category not in CATEGORIES:
            fault('BR-CL-17', category)
        if not percent and category != 'O':
            fault('BR-48', category)
        if invoice.text('cac:TaxCategory/cac:TaxScheme/cbc:ID', subtotal) != 'VAT':
            fault('UBL-SR', 'TaxScheme')
        lines = sum((invoice.number('cbc:LineExtensionAmount', line) for line in invoice.lines
                     if invoice.text('cac:Item/cac:ClassifiedTaxCategory/cbc:ID', line) == category), Decimal(0))
        if base != lines:
            fault(f'BR-{category}-08', base)
        exact = base * Decimal(percent or 0) / 100
        if abs(tax - exact) >= (1 if invoice.text('cbc:DocumentCurrencyCode') == 'JPY' else Decimal('0.006')):
            fault('BR-CO-17', tax)
        reason = invoice.text('cac:TaxCategory/cbc:TaxExemptionReason', subtotal) or \
            invoice.text('cac:TaxCategory/cbc:TaxExemptionReasonCode', subtotal)
        if (category in ('S', 'Z', 'L', 'M')) == bool(reason):
            fault(f'BR-{category}-10', reason)
        code = invoice.text('cac:TaxCategory/cbc:TaxExemptionReasonCode', subtotal)
        if code and not re.match('VATEX-[A-Z]{2}-', code):
            fault('BR-CL-26', code)
        if category == 'S' and not Decimal(percent) > 0:
            fault('BR-S-05', percent)
        if category in ('E', 'Z', 'AE', 'G', 'K') and Decimal(percent) != 0:
            fault(f'BR-{category}-05', percent)
        if category in ('E', 'Z', 'AE', 'G', 'K', 'O') and tax != 0:
            fault(f'BR-{category}-09', tax)
        if category == 'O' and (percent or 'VAT' in sold or bought):
            fault('BR-O-02', '')
        if category in ('S', 'E', 'Z') and not sold:
            fault(f'BR-{category}-02', '')
        if category in ('AE', 'K') and not ('VAT' in sold and bought):
            fault(f'BR-{category}-02', '')
    if of_lines != set(of_totals) or len(of_totals) != len(set(of_totals)):
        fault('BR-S-01', of_lines)
    if 'O' in {category for category, _ in of_totals} and len(of_totals) > 1:
        fault('BR-O-11', '')


def lines(invoice, fault):
    quantity_name = {'Invoice': 'cbc:InvoicedQuantity', 'CreditNote': 'cbc:CreditedQuantity'}[invoice.kind]
    ids = [invoice.text('cbc:ID', line) for line in invoice.lines]
    if len(set(ids)) != len(ids):
        fault('BR-21', '')
    whole = {name: invoice.text('cac:InvoicePeriod/cbc:' + name) for name in ('StartDate', 'EndDate')}
    for line in invoice.lines:
        for rule, path in (('BR-21', 'cbc:ID'), ('BR-22', quantity_name), ('BR-24', 'cbc:LineExtensionAmount'),
                           ('BR-25', 'cac:Item/cbc:Name'), ('BR-26', 'cac:Price/cbc:PriceAmount'),
                           ('BR-CO-04', 'cac:Item/cac:ClassifiedTaxCategory/cbc:ID')):
            if not invoice.text(path, line):
                fault(rule, path)
        quantity, price = line.find(quantity_name, NS), invoice.number('cac:Price/cbc:PriceAmount', line)
        if quantity.get('unitCode') != 'C62':
            fault('BR-23', '')
        if price < 0:
            fault('BR-27', price)
        base = line.find('cac:Price/cbc:BaseQuantity', NS)
        if base is not None and (Decimal(base.text) <= 0 or base.get('unitCode') != quantity.get('unitCode')):
            fault('PEPPOL-EN16931-R121', base.text)
        allowances = Decimal(0)
        for allowance in invoice.all('cac:AllowanceCharge', line):
            allowances += invoice.number('cbc:Amount', allowance)
            if invoice.text('cbc:ChargeIndicator', allowance) != 'false':
                fault('PEPPOL-EN16931-R043', '')
            if not invoice.text('cbc:AllowanceChargeReason', allowance) and not invoice.text('cbc:AllowanceChargeReasonCode', allowance):
                fault('BR-42', '')
        exact = Decimal(quantity.text) * price / (Decimal(base.text) if base is not None else 1) - allowances
        slack = Decimal('0.02') if invoice.text('cbc:DocumentCurrencyCode') != 'JPY' else Decimal('0.5')
        if abs(exact - invoice.number('cbc:LineExtensionAmount', line)) > slack:
            fault('PEPPOL-EN16931-R120', exact)
        start, end = invoice.text('cac:InvoicePeriod/cbc:StartDate', line), invoice.text('cac:InvoicePeriod/cbc:EndDate', line)
        if start and start < whole['StartDate'] or end and end > whole['EndDate']:
            fault('PEPPOL-EN16931-R110', start)
        for item in invoice.all('cac:Item/cac:AdditionalItemProperty', line):
            if not invoice.text('cbc:Name', item) or not invoice.text('cbc:Value', item):
                fault('BR-54', '')


def peppol(invoice, fault):
    customization = invoice.text('cbc:CustomizationID')
    if customization not in (PEPPOL, 'urn:cen.eu:en16931:2017'):
        fault('PEPPOL-EN16931-R004', customization)
    if not re.match(r'urn:fdc:peppol.eu:2017:poacc:billing:\d\d:1.0$', invoice.text('cbc:ProfileID')):
        fault('PEPPOL-EN16931-R007', '')
    if len(invoice.all('cbc:Note')) > 1:
        fault('PEPPOL-EN16931-R002', '')
    if customization == PEPPOL:
        for rule, path in (('R003', 'cbc:BuyerReference'), ('R010', 'cac:AccountingCustomerParty/cac:Party/cbc:EndpointID'),
                           ('R020', 'cac:AccountingSupplierParty/cac:Party/cbc:EndpointID')):
            if not invoice.text(path):
                fault('PEPPOL-EN16931-' + rule, path)


def faults(xml):
    invoice, found = Invoice(xml), []
    for part in (structure, document, totals, taxes, lines, peppol):
        part(invoice, lambda rule, about: found.append(f'{rule} {about}'))
    return found


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
