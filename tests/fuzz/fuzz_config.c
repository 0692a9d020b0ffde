// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration file: read or refused, never more.
#include "phial/config/config.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("phial.conf", MFD_CLOEXEC);
    FILE *out = fopen("/dev/null", "we");
    if (fd >= 0 && out != NULL && write(fd, data, size) == (ssize_t)size) {
        struct arena arena = {0};
        struct config config;
        str path = str_printf(&arena, "/proc/self/fd/%d", fd);
        (void)failed(config_read(&arena, path.ptr, NULL, out, &config));
        arena_reset(&arena);
    }
    if (out != NULL)
        (void)fclose(out);
    if (fd >= 0)
        (void)close(fd);
    return 0;
}
