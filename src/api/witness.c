// SPDX-License-Identifier: Apache-2.0
// /witness: this server as a witness of other logs.
#include "phial/ledger/witness.h"

#include "caller.h"
#include "phial/catalog/clock.h"

static result the_witness(const struct request *request, struct witness **witness)
{
    *witness = api_of(request)->witness;
    return *witness == NULL ? FAIL(NOT_FOUND, "This server witnesses no log.") : OK;
}

// The statuses and bodies are those of C2SP tlog-witness; who asks proves it by his signature.
result post_witness_add_checkpoint(const struct request *request, struct reply *reply)
{
    struct witness *witness = NULL;
    struct witness_answer answer = {0};
    TRY(http_parameters_known(request, ""));
    TRY(the_witness(request, &witness));
    TRY(witness_add(witness, request->arena, request->body, clock_machine(), &answer));
    return http_reply_text(reply, (int)answer.status,
                           answer.status == WITNESS_CONFLICTS ? "text/x.tlog.size"
                                                              : "text/plain; charset=utf-8",
                           answer.text);
}

result get_witness_key(const struct request *request, struct reply *reply)
{
    struct witness *witness = NULL;
    TRY(http_parameters_known(request, ""));
    TRY(the_witness(request, &witness));
    return http_reply_text(reply, 200, "text/plain; charset=utf-8",
                           str_concat(request->arena, witness_key(witness), STR("\n"), STR("")));
}
