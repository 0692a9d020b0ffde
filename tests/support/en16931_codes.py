# SPDX-License-Identifier: Apache-2.0
"""The published code lists that an invoice of ours can touch, as the rules of EN 16931 and of Peppol BIS 3 have them."""

COUNTRIES = set('''1A AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN
GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK
PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI YE YT ZA ZM ZW'''.split())

CURRENCIES = set('''AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK
MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
STD SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UZS VES VED VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR
XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG'''.split())

EAS = set('''0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183 0184 0188 0190 0191 0192 0193
0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209 0210 0211 0212 0213 0215 0216 0217 0218 0219 0220 0221 0225 0230 0235
0240 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939 9940
9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959 AN AQ AS AU EM'''.split())
EAS_OF_PEPPOL = EAS - set('0147 0154 0158 0170 0177 0194 0203 0205 0217 0219 0220 0225 0235 0240 AN AQ AS AU EM'.split())

VATEX = set('''79-C 132 132-1A 132-1B 132-1C 132-1D 132-1E 132-1F 132-1G 132-1H 132-1I 132-1J 132-1K 132-1L 132-1M 132-1N 132-1O 132-1P
132-1Q 143 143-1A 143-1B 143-1C 143-1D 143-1E 143-1F 143-1FA 143-1G 143-1H 143-1I 143-1J 143-1K 143-1L 144 146-1E 148 148-A 148-B 148-C
148-D 148-E 148-F 148-G 151 151-1A 151-1AA 151-1B 151-1C 151-1D 151-1E 153 159 309 AE D F G I IC J O'''.split())
VATEX = {'VATEX-EU-' + code for code in VATEX} | {'VATEX-FR-' + code for code in '''298SEXDECIESA AE CGI261-1 CGI261-2 CGI261-3 CGI261-4
CGI261-5 CGI261-7 CGI261-8 CGI261A CGI261B CGI261C-1 CGI261C-2 CGI261C-3 CGI261D-1 CGI261D-1BIS CGI261D-2 CGI261D-3 CGI261D-4 CGI261E-1
CGI261E-2 CGI275 CGI277A CGI295 CNWVAT FRANCHISE'''.split()}
# Reasons that belong to one category alone, and Peppol's rule for each.
VATEX_CATEGORY = {'VATEX-EU-G': ('G', 'P0104'), 'VATEX-EU-O': ('O', 'P0105'), 'VATEX-EU-IC': ('K', 'P0106'), 'VATEX-EU-AE': ('AE', 'P0107'),
                  'VATEX-EU-D': ('E', 'P0108'), 'VATEX-EU-F': ('E', 'P0109'), 'VATEX-EU-I': ('E', 'P0110'), 'VATEX-EU-J': ('E', 'P0111')}

CATEGORIES = set('AE B E G K L M O S Z'.split())
CATEGORIES_OF_PEPPOL = CATEGORIES - {'B'}
MEANS = {str(code) for code in [*range(1, 71), 74, 75, 76, 77, 78, *range(91, 99), 'ZZZ']}
ALLOWANCES = set('41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105'.split())
UNITS = {'C62'}  # the one that we use of Recommendation 20
INVOICE_TYPES, CREDIT_NOTE_TYPES = {'380'}, {'381'}  # of UNTDID 1001, and of Peppol's process 01
# Whose sellers Peppol gives rules of their own, with members that no document of ours has.
NATIONAL = set('DE DK EL GR IS IT NL NO SE'.split())


def digits_fit(text, length, rule):
    return len(text) == length and text.isascii() and text.isdigit() and rule([int(d) for d in text])


def gln(text):
    return text.isascii() and text.isdigit() and \
        (10 - sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(text[:-1])))) % 10 == int(text[-1])


def luhn(digits):
    doubled = [d if i % 2 else d * 2 for i, d in enumerate(digits[:-1])]
    return (10 - sum(d // 10 + d % 10 for d in doubled)) % 10 == digits[-1]


def mod11(digits):
    return (11 - sum(d * w for d, w in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2))) % 11) % 11 == digits[-1] and any(digits)


def mod97(digits):
    whole = int(''.join(map(str, digits)))
    return 97 - whole // 100 % 97 == whole % 100


def abn(digits):
    return sum(d * w for d, w in zip([digits[0] - 1, *digits[1:]], (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19))) % 89 == 0


# Electronic addresses that prove themselves: PEPPOL-COMMON-R040 and on.
ENDPOINTS = {
    '0007': ('R049', lambda text: digits_fit(text, 10, luhn)), '0088': ('R040', gln),
    '0151': ('R050', lambda text: digits_fit(text, 11, abn)),
    '0184': ('R042', lambda text: text[:2] == 'DK' and digits_fit(text[2:], 8, bool)),
    '0192': ('R041', lambda text: digits_fit(text, 9, mod11)), '0208': ('R043', lambda text: digits_fit(text, 10, mod97)),
}
