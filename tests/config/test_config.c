// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/config/config.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A file of the test's own, gone when it ends.
struct fixture {
    struct arena arena;
    char path[64];
    char secret[64];
    struct config config;
    char *said;
    size_t said_len;
};

static void write_to(const char *path, str text)
{
    ck_assert_ok(file_write(path, text, 0600));
}

static void fixture_open(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    (void)snprintf(fixture->path, sizeof fixture->path, "/tmp/phial_config_%ld.conf",
                   (long)getpid());
    (void)snprintf(fixture->secret, sizeof fixture->secret, "/tmp/phial_config_%ld.secret",
                   (long)getpid());
}

static void fixture_close(struct fixture *fixture)
{
    (void)unlink(fixture->path);
    (void)unlink(fixture->secret);
    free(fixture->said);
    arena_reset(&fixture->arena);
}

static result read_from(struct fixture *fixture, const char *path, char *const *environment)
{
    free(fixture->said);
    FILE *out = open_memstream(&fixture->said, &fixture->said_len);
    ck_assert_ptr_nonnull(out);
    result outcome = config_read(&fixture->arena, path, environment, out, &fixture->config);
    ck_assert_int_eq(fclose(out), 0);
    return outcome;
}

static result read_text(struct fixture *fixture, const char *text)
{
    write_to(fixture->path, str_from(text));
    return read_from(fixture, fixture->path, NULL);
}

START_TEST(starts_from_the_presets)
{
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_ok(read_from(&fixture, NULL, NULL));
    ck_assert_int_eq(fixture.config.server_port, 8080);
    ck_assert(str_eq(fixture.config.server_address, STR("127.0.0.1")));
    ck_assert(!fixture.config.clock_test);
    ck_assert_uint_eq(fixture.config.database_url.len, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(reads_a_file)
{
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_ok(read_text(&fixture, "# a comment\n; another\n\n[server]\nport = 9\n"
                                     "name=bill.example\r\n[clock]\ntest = yes\n[database]\n"
                                     "url = host=a password=x ;y # z\n[server]\nuser = u"));
    ck_assert_int_eq(fixture.config.server_port, 9);
    ck_assert(str_eq(fixture.config.server_user, STR("u"))); // a section may go on later
    ck_assert(str_eq(fixture.config.server_name, STR("bill.example")));
    ck_assert(fixture.config.clock_test);
    ck_assert(str_eq(fixture.config.database_url, STR("host=a password=x ;y # z")));
    ck_assert_uint_eq(fixture.said_len, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(names_the_line_of_every_fault)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"[server]\nprot = 80\n", ":2: prot: unknown option\n"},
        {"\n[sever]\nport = 80\n", ":3: sever: unknown section\n"},
        {"port = 80\n", ":1: port: stands in no section\n"},
        {"[server]\nport = 65536\n", ":2: port: must be a whole number from 0 to 65535\n"},
        {"[server]\nport = 8o\n", ":2: port: must be a whole number from 0 to 65535\n"},
        {"[server]\nport =\n", ":2: port: must be a whole number from 0 to 65535\n"},
        {"[server]\nport\n", ":2: neither `[section]` nor `option = value`\n"},
        {"[server\nport = 1\n", ":1: neither `[section]` nor `option = value`\n"},
        {"[clock]\ntest = maybe\n", ":2: test: must be yes or no\n"},
        {"[server]\naddress =\n", ":2: address: must not be empty\n"},
        {"[server]\nuser = aaaaaaaaaabbbbbbbbbbccccccccccddd\n",
         ":2: user: must have at most 32 characters\n"},
        {"[server]\nname = a b\n", ":2: name: may hold letters, digits and -._:/ only\n"},
        {"[log]\nlevel = loud\n", ":2: level: must be debug, info, warn or error\n"},
        {"[egress]\nallow = h.org, *.x.org:8443, 10.0.0.7\nprivate = 10.0.0.0/8\n",
         ":3: private: must be host, host:port, *.suffix or an address, with commas between\n"},
        {"[phi]\nmaster_key = 00ff\n",
         ":2: master_key: must be 64 hexadecimal digits or a PKCS#11 URI\n"},
        {"[accounting]\nbank = Bank; mine\n",
         ":2: bank: must be NAME or NAME | CODE, the name without semicolons and double blanks\n"},
        {"[accounting]\nusage = Sales |\n",
         ":2: usage: must be NAME or NAME | CODE, the name without semicolons and double blanks\n"},
        {"[accounting]\ntax = A  B | 1\n",
         ":2: tax: must be NAME or NAME | CODE, the name without semicolons and double blanks\n"},
        {"[accounting]\ntax = (A)\n",
         ":2: tax: must be NAME or NAME | CODE, the name without semicolons and double blanks\n"},
        {"[accounting]\nfees = Income:Fees\n", ":2: fees: unknown option\n"},
        {"[seller]\ncountry = Ireland\n", ":2: country: must have at most 2 characters\n"},
        {"[seller]\ncountry = ie\n", ":2: country: must be two capital letters\n"},
        {"[seller]\niban = IE29-AIBK\n",
         ":2: iban: may hold capital letters, digits and blanks only\n"},
        {"[phi]\nmaster_key_file = /nonexistent\n",
         ":2: master_key_file: the file cannot be read\n"},
        {"[server]\nname_file = /etc/hostname\n", ":2: name_file: unknown option\n"},
        {"[server]\nPORT = 1\n", ":2: PORT: unknown option\n"},
        {"[server]\nport = 1\nport = 2\n", ":3: port: is set twice\n"},
        {"[server]\nport = 1\n[log]\n[server]\nport = 1\n", ":5: port: is set twice\n"},
        {"[database]\nurl = a\nurl_file = /etc/hostname\n", ":3: url_file: is set twice\n"},
        {"\xef\xbb\xbf[server\n", ":1: neither `[section]` nor `option = value`\n"},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fixture.config.server_port = 7;
        ck_assert_fails(BAD_CONFIG, read_text(&fixture, cases[i].text));
        str expected = str_printf(&fixture.arena, "%s%s", fixture.path, cases[i].says);
        ck_assert_str_eq(fixture.said, expected.ptr);
        ck_assert_int_eq(fixture.config.server_port, 7); // out-parameters only on success
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(names_all_faults_in_the_order_of_their_lines)
{
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_fails(BAD_CONFIG, read_text(&fixture, "[server]\nport = x\nnonsense\nprot = 1\n"
                                                    "[sever\nwhatever = 1\nrubbish\n[log]\n"
                                                    "level = loud\n"));
    static const char *const says[] = {
        "2: port: must be a whole number from 0 to 65535",
        "3: neither `[section]` nor `option = value`",
        "4: prot: unknown option",
        "5: neither `[section]` nor `option = value`", // and nothing of the options under it
        "7: neither `[section]` nor `option = value`",
        "9: level: must be debug, info, warn or error",
    };
    struct buf expected = {.arena = &fixture.arena};
    for (size_t i = 0; i < COUNT_OF(says); i++)
        buf_addf(&expected, "%s:%s\n", fixture.path, says[i]);
    ck_assert_str_eq(fixture.said, str_to_c(&fixture.arena, buf_str(&expected)));
    fixture_close(&fixture);
}
END_TEST

START_TEST(refuses_a_file_that_it_cannot_cut)
{
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_fails(BAD_CONFIG, read_from(&fixture, "/nonexistent/phial.conf", NULL));
    ck_assert_str_eq(fixture.said, "/nonexistent/phial.conf: cannot be read\n");

    write_to(fixture.path, STR("[server]\nport = 1\0 2\n"));
    ck_assert_fails(BAD_CONFIG, read_from(&fixture, fixture.path, NULL));
    ck_assert_ptr_nonnull(strstr(fixture.said, ":2: the line holds a NUL"));

    struct config config = {0};
    str longest = str_printf(&fixture.arena, "[export]\nfolder = /%01000d\n", 0);
    write_to(fixture.path, longest);
    ck_assert_ok(config_read(&fixture.arena, fixture.path, NULL, stderr, &config));
    ck_assert_uint_eq(config.export_folder.len, 1001);
    write_to(fixture.path, str_printf(&fixture.arena, "[export]\nfolder = /%05000d\n", 0));
    ck_assert_fails(BAD_CONFIG, read_from(&fixture, fixture.path, NULL));
    ck_assert_ptr_nonnull(strstr(fixture.said, ":2: the line is too long"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_environment_wins)
{
    struct fixture fixture;
    fixture_open(&fixture);
    write_to(fixture.path, STR("[server]\nport = 9\n"));
    char *good[] = {(char[]){"PHIAL_SERVER_PORT=11"},
                    (char[]){"PHIAL_URL=http://x"},
                    (char[]){"PHIAL_KEY=x"},
                    (char[]){"PHIAL_TEST_DATABASE=x"},
                    (char[]){"PHIAL_HTTP_BODY_BYTES_MAX=4096"},
                    (char[]){"PHIALA_X=1"},
                    NULL};
    ck_assert_ok(read_from(&fixture, fixture.path, good));
    ck_assert_int_eq(fixture.config.server_port, 11);
    ck_assert_int_eq(fixture.config.http_body_bytes_max, 4096);

    char *bad[] = {(char[]){"PHIAL_SERVER_PORT=x"}, NULL};
    ck_assert_fails(BAD_CONFIG, read_from(&fixture, fixture.path, bad));
    ck_assert_str_eq(fixture.said, "environment: PHIAL_SERVER_PORT: must be a whole number "
                                   "from 0 to 65535\n");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_variable_that_names_no_option_is_a_fault)
{
    static const char *const names[] = {
        "PHIAL_HTTP_ZZ",
        "PHIAL_SERVER_PROT",
        "PHIAL_SERVER_PORTFILE",
        "PHIAL_SERVER_NAME_FILE",
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char variable[64];
        (void)snprintf(variable, sizeof variable, "%s=secret", names[i]);
        char *environment[] = {variable, NULL};
        ck_assert_fails(BAD_CONFIG, read_from(&fixture, NULL, environment));
        str expected = str_printf(&fixture.arena, "environment: %s: unknown option\n", names[i]);
        ck_assert_str_eq(fixture.said, expected.ptr);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(variables_of_others_are_let_alone)
{
    struct fixture fixture;
    fixture_open(&fixture);
    // what Kubernetes makes for a service of our name, what the client and the tests read
    char *environment[] = {(char[]){"PHIAL_SERVICE_HOST=10.0.0.1"},
                           (char[]){"PHIAL_PORT_8080_TCP_PROTO=tcp"},
                           (char[]){"PHIAL_KEY=x"},
                           (char[]){"PHIAL_ZZ=1"},
                           (char[]){"PHIAL_SERVER"},
                           (char[]){"PHIAL_"},
                           NULL};
    ck_assert_ok(read_from(&fixture, NULL, environment));
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_secret_may_come_from_a_file)
{
    struct fixture fixture;
    fixture_open(&fixture);
    write_to(fixture.secret, STR("postgresql://u:p@h/d\n"));
    str text = str_printf(&fixture.arena, "[database]\nurl_file = %s\n", fixture.secret);
    ck_assert_ok(read_text(&fixture, text.ptr));
    ck_assert(str_eq(fixture.config.database_url, STR("postgresql://u:p@h/d")));

    char variable[128];
    (void)snprintf(variable, sizeof variable, "PHIAL_DATABASE_URL_FILE=%s", fixture.secret);
    char *environment[] = {variable, NULL};
    ck_assert_ok(read_from(&fixture, NULL, environment));
    ck_assert(str_eq(fixture.config.database_url, STR("postgresql://u:p@h/d")));

    write_to(fixture.secret, STR("one\ntwo\n"));
    ck_assert_fails(BAD_CONFIG, read_from(&fixture, NULL, environment));
    ck_assert_ptr_null(strstr(fixture.said, "two"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(prints_what_it_reads_and_no_secret)
{
    struct fixture fixture;
    fixture_open(&fixture);
    ck_assert_ok(read_text(&fixture, "[server]\nport = 9\n[database]\nurl = hidden-value\n"));
    FILE *out = fopen(fixture.path, "we");
    ck_assert_ptr_nonnull(out);
    config_print(&fixture.config, out);
    ck_assert_int_eq(fclose(out), 0);
    str printed = {0};
    ck_assert_ok(file_read(&fixture.arena, fixture.path, 65536, &printed));
    ck_assert_ptr_null(strstr(str_to_c(&fixture.arena, printed), "hidden-value"));
    ck_assert_ok(read_from(&fixture, fixture.path, NULL));
    ck_assert_int_eq(fixture.config.server_port, 9);
    ck_assert_uint_eq(fixture.config.database_url.len, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(knows_where_an_option_was_set)
{
    struct fixture fixture;
    fixture_open(&fixture);
    char variable[] = "PHIAL_SERVER_TLS_KEY=/key.pem";
    char *environment[] = {variable, NULL};
    write_to(fixture.path, STR("# ours\n[server]\ntls_certificate = /a.pem\ntls_key = /b.pem\n"));
    ck_assert_ok(read_from(&fixture, fixture.path, environment));
    const struct {
        const char *section;
        const char *name;
        str place;
    } rows[] = {
        {"server", "tls_certificate", str_printf(&fixture.arena, "%s:3", fixture.path)},
        {"server", "tls_key", STR("environment: PHIAL_SERVER_TLS_KEY")},
        {"database", "url", str_printf(&fixture.arena, "%s:1", fixture.path)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert(
            str_eq(config_place(&fixture.arena, &fixture.config, rows[i].section, rows[i].name),
                   rows[i].place));
    ck_assert_ok(read_from(&fixture, NULL, NULL));
    ck_assert(str_eq(config_place(&fixture.arena, &fixture.config, "database", "url"),
                     STR("environment: PHIAL_DATABASE_URL")));
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_sample_changes_nothing)
{
    struct fixture fixture;
    fixture_open(&fixture);
    FILE *out = fopen(fixture.path, "we");
    ck_assert_ptr_nonnull(out);
    config_print_sample(out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_ok(read_from(&fixture, fixture.path, NULL));
    ck_assert_int_eq(fixture.config.server_port, 8080);
    fixture_close(&fixture);
}
END_TEST

TEST_MAIN("config", starts_from_the_presets, reads_a_file, names_the_line_of_every_fault,
          names_all_faults_in_the_order_of_their_lines, refuses_a_file_that_it_cannot_cut,
          the_environment_wins, a_variable_that_names_no_option_is_a_fault,
          variables_of_others_are_let_alone, a_secret_may_come_from_a_file,
          prints_what_it_reads_and_no_secret, the_sample_changes_nothing,
          knows_where_an_option_was_set)
