// SPDX-License-Identifier: Apache-2.0
#include "pdf_language.h"

#include <string.h>

enum { TAIL = 1024 };

static bool find_last(str text, const char *what, size_t *at)
{
    size_t len = strlen(what);
    for (size_t i = text.len; i >= len; i--) {
        if (memcmp(text.ptr + i - len, what, len) == 0) {
            *at = i; // behind it
            return true;
        }
    }
    return false;
}

// The number behind a word.
static bool find_number(str text, const char *word, long long *number)
{
    size_t at = 0;
    if (!find_last(text, word, &at))
        return false;
    str rest = str_trim(str_slice(text, at, text.len));
    while (rest.len != 0 && rest.ptr[0] == '\n')
        rest = str_slice(rest, 1, rest.len);
    size_t digits = 0;
    while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
        digits++;
    int64_t read = 0;
    if (!str_to_i64(str_slice(rest, 0, digits), &read))
        return false;
    *number = read;
    return true;
}

result pdf_set_language(struct buf *bytes, str *pdf)
{
    static const char type[] = "<< /Type /Catalog";
    str text = buf_str(bytes);
    str tail = str_slice(text, text.len > TAIL ? text.len - TAIL : 0, text.len);
    long long size = 0;
    long long root = 0;
    long long info = 0;
    long long start = 0;
    size_t catalog = 0;
    size_t end = 0;
    if (!find_number(tail, "/Size ", &size) || !find_number(tail, "/Root ", &root) ||
        !find_number(tail, "/Info ", &info) || !find_number(tail, "startxref", &start) ||
        !find_last(text, type, &catalog))
        return FAIL(INTERNAL, "the PDF has no catalog where it is looked for");
    str rest = str_slice(text, catalog, text.len);
    while (end + 6 <= rest.len && memcmp(rest.ptr + end, "endobj", 6) != 0)
        end++;
    size_t object = text.len;
    buf_addf(bytes, "%lld 0 obj\n%s /Lang (en)\n   /ViewerPreferences << /DisplayDocTitle true >>",
             root, type);
    buf_add(bytes, str_copy(bytes->arena, str_slice(rest, 0, end)));
    buf_add(bytes, STR("endobj\n"));
    size_t table = bytes->len;
    buf_addf(bytes,
             "xref\n%lld 1\n%010zu 00000 n \ntrailer\n<< /Size %lld\n   /Root %lld 0 R\n"
             "   /Info %lld 0 R\n   /Prev %lld\n>>\nstartxref\n%zu\n%%%%EOF\n",
             root, object, size, root, info, start, table);
    *pdf = buf_str(bytes);
    return OK;
}
