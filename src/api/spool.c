// SPDX-License-Identifier: Apache-2.0
#include "spool.h"

#include <fcntl.h>
#include <unistd.h>

void spool_release(struct spool *spool)
{
    if (spool->file != NULL)
        (void)fclose(spool->file);
    *spool = (struct spool){0};
}

void spool_clear(struct spool *spool)
{
    spool_release(spool);
}

result spool_put(void *context, str bytes)
{
    struct spool *spool = context;
    if (spool->file == NULL)
        spool->file = tmpfile();
    if (spool->file == NULL)
        return FAIL(INTERNAL, "cannot make a temporary file");
    if (fwrite(bytes.ptr, 1, bytes.len, spool->file) != bytes.len)
        return FAIL(INTERNAL, "cannot write a temporary file");
    spool->bytes += (int64_t)bytes.len;
    return OK;
}

result spool_reply(struct spool *spool, struct reply *reply, const char *media_type)
{
    reply->status = 200;
    reply->media_type = str_from(media_type);
    if (spool->file == NULL)
        return OK; // an empty body
    if (fflush(spool->file) != 0)
        return FAIL(INTERNAL, "cannot write a temporary file");
    int file = fcntl(fileno(spool->file), F_DUPFD_CLOEXEC, 0);
    if (file < 0)
        return FAIL(INTERNAL, "cannot read a temporary file");
    reply->file = file;
    reply->file_bytes = spool->bytes;
    spool_release(spool);
    return OK;
}
