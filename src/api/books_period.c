// SPDX-License-Identifier: Apache-2.0
#include "books_period.h"

result books_currency_read(const struct request *request, str *currency)
{
    enum currency known = CURRENCY_USD;
    *currency = STR("");
    if (http_parameter(request, "currency", currency) && failed(currency_parse(*currency, &known)))
        return FAIL(BAD_PARAMETER, "currency is a code of ISO 4217.");
    return OK;
}

result books_period_read(const struct request *request, struct books_period *period, str *customer)
{
    struct books_period read = {.now = caller_of(request)->change.now};
    TRY(parameter_instant(request, "from", &read.has_from, &read.from));
    TRY(parameter_instant(request, "to", &read.has_to, &read.to));
    if (read.has_from && read.has_to && read.from.us >= read.to.us)
        return FAIL(BAD_PARAMETER, "to must lie after from.");
    TRY(books_currency_read(request, &read.currency));
    (void)http_parameter(request, "customer", customer);
    *period = read;
    return OK;
}
