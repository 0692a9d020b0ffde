// SPDX-License-Identifier: Apache-2.0
#include "phial/util/privileges.h"

#include "phial/util/str.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

bool privileges_are_root(void)
{
    return geteuid() == 0;
}

result privileges_find(struct arena *arena, const char *const *names, size_t count,
                       struct identity_of_user *user)
{
    for (size_t i = 0; i < count; i++) {
        const struct passwd *found = getpwnam(names[i]);
        if (found == NULL || found->pw_uid == 0)
            continue;
        *user = (struct identity_of_user){
            .name = str_copy(arena, str_from(found->pw_name)).ptr,
            .uid = found->pw_uid,
            .gid = found->pw_gid,
        };
        return OK;
    }
    return FAIL(NOT_FOUND, "started as root, and there is no unprivileged user to become");
}

result privileges_drop(const struct identity_of_user *user)
{
    bool dropped = initgroups(user->name, user->gid) == 0 &&
                   setresgid(user->gid, user->gid, user->gid) == 0 &&
                   setresuid(user->uid, user->uid, user->uid) == 0;
    if (!dropped || setresuid(0, 0, 0) == 0)
        return FAIL(INTERNAL, "cannot become an unprivileged user");
    return OK;
}

// What the database's server would leave is no smaller a secret, and it inherits the first two; a
// handler to which the system pipes cores heeds the filter alone.
void privileges_forbid_cores(void)
{
    static const char nothing[] = "0x0\n";
    int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (filter >= 0) {
        (void)!write(filter, nothing, sizeof nothing - 1);
        (void)close(filter);
    }
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
