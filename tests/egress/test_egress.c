// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/egress/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct egress_url url_of(const char *text)
{
    struct egress_url url = {0};
    const char *wrong = egress_url_parse(str_from(text), &url);
    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    return url;
}

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address = {0};
    if (strchr(text, ':') != NULL) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        memcpy(&address, &v6, sizeof v6);
    } else {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        ck_assert_int_eq(inet_pton(AF_INET, text, &v4.sin_addr), 1);
        memcpy(&address, &v4, sizeof v4);
    }
    return address;
}

START_TEST(reads_urls_into_one_spelling)
{
    static const struct {
        const char *text;
        bool https;
        const char *host;
        int64_t port;
        const char *target;
    } cases[] = {
        {"https://Hooks.Example.ORG/a?b=c", true, "hooks.example.org", 443, "/a?b=c"},
        {"http://h:8080", false, "h", 8080, ""},
        {"HTTPS://h?x", true, "h", 443, "?x"},
        {"https://10.0.0.1/", true, "10.0.0.1", 443, "/"},
        {"https://[2001:DB8:0::1]:8443/x", true, "2001:db8::1", 8443, "/x"},
        {"https://h/:80@x", true, "h", 443, "/:80@x"},
        {"https://a_b.c-d.e1:1/", true, "a_b.c-d.e1", 1, "/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct egress_url url = url_of(cases[i].text);
        ck_assert_int_eq(url.https, cases[i].https);
        ck_assert_str_eq(url.host.text, cases[i].host);
        ck_assert_int_eq(url.port, cases[i].port);
        ck_assert(str_eq(url.target, str_from(cases[i].target)));
    }
}
END_TEST

START_TEST(refuses_what_others_might_read_differently)
{
    static const char *const cases[] = {
        "",
        "h/x",
        "ftp://h/",
        "https:/h",
        "https://",
        "https:///x",
        "https://u@h/",
        "https://u:p@h/",
        "https://h/#f",
        "https://h/a b",
        "https://h/\n",
        "https://h\\@i/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://h./",
        "https://.h/",
        "https://a..b/",
        "https://-a/",
        "https://a-/",
        "https://h:/",
        "https://h:0/",
        "https://h:65536/",
        "https://h:080a/",
        "https://h:000080/",
        "https://::1/",
        "https://[::1/",
        "https://[h]/",
        "https://[::1]x/",
        "https://[::1%25eth0]/",
        "https://\xc3\xa9.org/",
        "https://a%2eb/",
    };
    struct egress_url url = {.port = 7};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(egress_url_parse(str_from(cases[i]), &url) != NULL, "%s", cases[i]);
    char longest[URL_BYTES_MAX + 2] = "https://h/";
    memset(longest + 10, 'x', sizeof longest - 11);
    ck_assert_ptr_nonnull(egress_url_parse((str){longest, URL_BYTES_MAX + 1}, &url));
    ck_assert_int_eq(url.port, 7);
    ck_assert_ptr_null(egress_url_parse((str){longest, URL_BYTES_MAX}, &url));
}
END_TEST

START_TEST(reads_lists)
{
    static const char *const good[] = {"", "h",
                                       "h:80, *.example.org ,10.0.0.1:9,[::1]:8080,::1,[fd00::1]",
                                       "*.example.org:8443", "LOCALHOST:1"};
    static const char *const bad[] = {",",    "h,",         "h,,i",   "*",   "*.",    "*.10.0.0.1",
                                      "*h.i", "https://h",  "h/x",    "h:0", "h:x",   "h:65536",
                                      "u@h",  "10.0.0.0/8", "[::1]:", "h i", "*.*.h", "[h]:1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(egress_list_valid(str_from(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!egress_list_valid(str_from(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(allows_what_is_named)
{
    static const struct {
        const char *allow;
        const char *plain_http;
        const char *url;
        enum egress_verdict verdict;
    } cases[] = {
        {"", "", "https://h.org/", EGRESS_NOT_NAMED},
        {"", "", "http://h.org/", EGRESS_NEEDS_TLS},
        {"h.org", "", "https://H.org:8443/", EGRESS_ALLOWED},
        {"h.org:443", "", "https://h.org/", EGRESS_ALLOWED},
        {"h.org:443", "", "https://h.org:8443/", EGRESS_NOT_NAMED},
        {"h.org", "", "https://a.h.org/", EGRESS_NOT_NAMED},
        {"h.org", "", "https://xh.org/", EGRESS_NOT_NAMED},
        {"i.org, *.h.org", "", "https://a.b.h.org/", EGRESS_ALLOWED},
        {"*.h.org", "", "https://h.org/", EGRESS_NOT_NAMED},
        {"*.h.org", "", "https://xh.org/", EGRESS_NOT_NAMED},
        {"h.org", "", "http://h.org/", EGRESS_NEEDS_TLS},
        {"h.org", "h.org:80", "http://h.org/", EGRESS_ALLOWED},
        {"h.org", "h.org:80", "http://h.org:81/", EGRESS_NEEDS_TLS},
        {"", "h.org", "http://h.org/", EGRESS_NEEDS_TLS},
        {"", "h.org", "https://h.org/", EGRESS_NOT_NAMED},
        {"127.0.0.1:80", "", "http://127.0.0.1/", EGRESS_ALLOWED},
        {"127.0.0.1:80", "", "http://127.0.0.1:81/", EGRESS_NEEDS_TLS},
        {"127.0.0.1", "", "http://127.0.0.2/", EGRESS_NEEDS_TLS},
        {"192.0.0.8, 8.8.8.8", "", "http://8.8.8.8/", EGRESS_NEEDS_TLS},
        {"8.8.8.8", "", "https://8.8.8.8/", EGRESS_ALLOWED},
        {"[::1]:8080", "", "http://[0::1]:8080/", EGRESS_ALLOWED},
        {"localhost", "", "http://localhost:9/", EGRESS_ALLOWED},
        {"localhost", "", "http://a.localhost:9/", EGRESS_NEEDS_TLS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct egress egress = {str_from(cases[i].allow), str_from(cases[i].plain_http), STR("")};
        struct egress_url url = url_of(cases[i].url);
        ck_assert_msg(egress_judge(&egress, &url) == cases[i].verdict, "%s, %s", cases[i].allow,
                      cases[i].url);
    }
}
END_TEST

START_TEST(knows_public_addresses)
{
    static const char *const inside[] = {
        "0.0.0.0",     "10.255.255.255",  "100.64.0.1",  "100.100.100.200", "127.0.0.1",
        "169.254.1.1", "169.254.169.254", "172.16.0.1",  "172.31.255.255",  "192.0.0.1",
        "192.0.2.1",   "192.168.0.1",     "198.18.0.1",  "198.19.255.255",  "198.51.100.1",
        "203.0.113.1", "224.0.0.1",       "240.0.0.1",   "255.255.255.255", "::",
        "::1",         "::ffff:8.8.8.8",  "::127.0.0.1", "64:ff9b::7f00:1", "fd00:ec2::254",
        "fe80::1",     "ff02::1",         "2001:db8::1", "2001::1",         "2002:7f00:1::",
        "3fff::1"};
    static const char *const outside[] = {
        "1.1.1.1",   "8.8.8.8",    "100.63.255.255", "100.128.0.0", "172.15.0.1",   "172.32.0.1",
        "192.0.1.1", "198.17.0.1", "198.20.0.1",     "223.1.1.1",   "2606:4700::1", "2a00:1450::1"};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        struct sockaddr_storage address = address_of(inside[i]);
        ck_assert_msg(!egress_is_public((struct sockaddr *)&address), "%s", inside[i]);
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        struct sockaddr_storage address = address_of(outside[i]);
        ck_assert_msg(egress_is_public((struct sockaddr *)&address), "%s", outside[i]);
    }
    ck_assert(!egress_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}
END_TEST

START_TEST(judges_the_address_that_a_name_comes_to)
{
    static const struct {
        const char *allow;
        const char *internal;
        const char *url;
        const char *address;
        bool may;
    } cases[] = {
        {"h.org", "", "https://h.org/", "1.1.1.1", true},
        {"h.org", "", "https://h.org/", "127.0.0.1", false},
        {"h.org", "", "https://h.org/", "169.254.169.254", false},
        {"h.org", "", "https://h.org/", "::ffff:10.0.0.1", false},
        {"h.org", "h.org", "https://h.org/", "10.0.0.1", true},
        {"h.org", "i.org", "https://h.org/", "10.0.0.1", false},
        {"*.h.org", "*.h.org:8443", "https://a.h.org:8443/", "fd00::1", true},
        {"*.h.org", "*.h.org:8443", "https://a.h.org/", "fd00::1", false},
        {"", "h.org", "https://h.org/", "10.0.0.1", false},
        {"127.0.0.1:80", "", "http://127.0.0.1/", "127.0.0.1", true},
        {"127.0.0.1:80", "", "http://127.0.0.1/", "127.0.0.2", false},
        {"10.0.0.1", "", "https://10.0.0.1/", "::1", false},
        {"[fd00::1]", "", "http://[fd00::1]/", "fd00::1", true},
        {"localhost", "", "http://localhost/", "::1", true},
        {"localhost", "", "http://localhost/", "127.0.0.1", true},
        {"localhost", "", "http://localhost/", "10.0.0.1", false},
        {"i.org", "", "https://h.org/", "1.1.1.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct egress egress = {str_from(cases[i].allow), STR(""), str_from(cases[i].internal)};
        struct egress_url url = url_of(cases[i].url);
        struct sockaddr_storage address = address_of(cases[i].address);
        ck_assert_msg(egress_may_connect(&egress, &url, (struct sockaddr *)&address) ==
                          cases[i].may,
                      "%s, %s, %s", cases[i].allow, cases[i].url, cases[i].address);
    }
}
END_TEST

TEST_MAIN("egress", reads_urls_into_one_spelling, refuses_what_others_might_read_differently,
          reads_lists, allows_what_is_named, knows_public_addresses,
          judges_the_address_that_a_name_comes_to)
