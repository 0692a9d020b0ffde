// SPDX-License-Identifier: Apache-2.0
// A verifier key, a signed note, a checkpoint: what is read is printed as it was. The key is that
// of the note in the corpus, so that what lies behind a signature that holds is reached.
#include "phial/merkle/note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char key[] = "example.com/foo+530d903a+"
                              "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    struct arena arena = {0};
    str text = {(const char *)data, size};
    str name = {0};
    str body = {0};
    str signature = {0};
    unsigned char public[ED25519_PUBLIC_BYTES] = {0};
    struct checkpoint checkpoint;

    if (!failed(note_verifier_key_parse(&arena, text, &name, public)))
        assert(str_eq(note_verifier_key(&arena, name, public), text));
    bool known = !failed(note_verifier_key_parse(&arena, str_from(key), &name, public));
    assert(known);
    if (!failed(note_open(&arena, text, name, public, &body, &signature)))
        assert(body.len != 0 && signature.len == ED25519_SIGNATURE_BYTES);
    if (!failed(checkpoint_parse(&arena, text, &checkpoint)))
        assert(str_starts_with(text, checkpoint_print(&arena, &checkpoint)));
    arena_reset(&arena);
    return 0;
}
