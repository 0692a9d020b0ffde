// SPDX-License-Identifier: Apache-2.0
// The route table as a page, and as docs/api.md.
#include "phial/api/api.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Phial API</title>\n<style>\n"
    "body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;"
    " padding: 0 1rem; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { border-bottom: 1px solid #8886; padding: .4rem .6rem; text-align: left;"
    " vertical-align: top; }\n"
    "code { font-family: ui-monospace, monospace; }\n"
    "@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } a { color: "
    "#8bf; } }\n"
    "</style>\n</head>\n<body>\n<h1>Phial API</h1>\n"
    "<p>Every request carries <code>Authorization: Bearer KEY</code>, but for those without a "
    "scope.\nBodies are JSON; decimals are strings; errors are problem documents. The whole API "
    "for programs:\n<a href=\"/openapi.json\">openapi.json</a>.</p>\n"
    "<table>\n<thead><tr><th>Method</th><th>Path</th><th>Scope</th><th>What it does</th></tr>"
    "</thead>\n<tbody>\n";

static const char foot[] = "</tbody>\n</table>\n</body>\n</html>\n";

// The table's texts are ours: nothing in them needs an escape.
result get_docs(const struct request *request, struct reply *reply)
{
    struct buf page = {.arena = request->arena};
    buf_add(&page, str_from(head));
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *route = &api_routes.routes[i];
        buf_addf(&page,
                 "<tr><td>%s</td><td><code>%s</code></td><td><code>%s</code></td><td>%s</td>"
                 "</tr>\n",
                 route->method, route->path, route->scope, route->summary);
    }
    buf_add(&page, str_from(foot));
    http_reply_header(reply, "Content-Security-Policy",
                      STR("default-src 'none'; style-src 'unsafe-inline'"));
    return http_reply_text(reply, 200, "text/html; charset=utf-8", buf_str(&page));
}

void api_print_markdown(FILE *out)
{
    (void)fprintf(out, "| Method | Path | Scope | What it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *route = &api_routes.routes[i];
        (void)fprintf(out, "| %s | `%s` | %s%s%s | %s |\n", route->method, route->path,
                      route->scope[0] == '\0' ? "" : "`", route->scope,
                      route->scope[0] == '\0' ? "" : "`", route->summary);
    }
}
