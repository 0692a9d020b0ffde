// SPDX-License-Identifier: Apache-2.0
// Any bytes as an export. Signatures never hold, but nothing stops at the first fault, so that
// every reader behind them is reached. Begin with a genuine export as the corpus.
#include "phial/audit/verify.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static int memory_file(const void *bytes, size_t len)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    return fd;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n"
                              "-----END PUBLIC KEY-----\n";
    struct arena arena = {0};
    struct verification verification = {0};
    char paths[2][64];
    int files[2] = {memory_file(data, size), memory_file(key, sizeof key - 1)};
    for (int i = 0; i < 2; i++)
        (void)snprintf(paths[i], sizeof paths[i], "/proc/self/fd/%d", files[i]);
    FILE *out = fopen("/dev/null", "we");
    assert(out != NULL);
    if (!failed(verify_export(&arena, paths[0], paths[1], NULL, out, &verification)))
        assert(verification.faults > 0);
    (void)fclose(out);
    (void)close(files[0]);
    (void)close(files[1]);
    arena_reset(&arena);
    return 0;
}
