# phial-verify: what verifies an export, out of the modules' own sources, without any that needs a
# database or a server. `phial verify` is the same code.
set(phial_verify_sources programs/phial_verify.c cli/verify.c ledger/announcement.c
    ledger/leaf.c)
foreach(module util money time json rating merkle)
  file(GLOB sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${module}/*.c)
  list(APPEND phial_verify_sources ${sources})
endforeach()
file(GLOB sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS audit/verify*.c)
list(APPEND phial_verify_sources ${sources} crypto/crypto.c crypto/ed25519.c crypto/sha256.c)

add_executable(phial-verify ${phial_verify_sources})
if(NOT PHIAL_VERIFY_ONLY)
  set_target_properties(phial-verify PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
target_include_directories(phial-verify PRIVATE ${CMAKE_SOURCE_DIR}/include cli)
target_link_libraries(phial-verify PRIVATE PkgConfig::crypto PkgConfig::gmp PkgConfig::jansson
                      Threads::Threads phial_flags)
# Of a file in which only some is needed the rest goes, and what that would need: keys in a token,
# entries in a database.
target_compile_options(phial-verify PRIVATE -ffunction-sections -fdata-sections)
target_link_options(phial-verify PRIVATE -Wl,--gc-sections)
