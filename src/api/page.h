// SPDX-License-Identifier: Apache-2.0
// page.h - one page of a list: ?limit= and ?cursor=, and where the next one begins.
#pragma once

#include "caller.h"

struct page {
    const struct request *request;
    int64_t limit;
    str after;    // the last key of the page before; "" for the first page
    json_t *rows; // at most `limit`
    str last;     // the key of the last of them
    bool more;
};

// `filters`: the query parameters that the list takes besides limit and cursor. The rows are a JSON
// array that `page` owns until page_reply.
result page_open(const struct request *request, const char *filters, struct page *page);
void page_release(struct page *page);
// How many rows to ask for: one more than the page holds, to know whether there is another.
static inline int64_t page_rows_wanted(const struct page *page)
{
    return page->limit + 1;
}
// Takes over the row. A row beyond the limit is dropped, and says that there are more.
result page_add(struct page *page, str key, json_t *row);
void page_clear(struct page *page); // for a transaction that is run again
result page_reply(struct page *page, struct reply *reply);
// The same with further members beside the page, which it takes over. INTERNAL for NULL.
result page_reply_with(struct page *page, struct reply *reply, json_t *members);
