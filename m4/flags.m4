# SPDX-License-Identifier: BSD-2-Clause
# SIGNIN_COMPILER_FLAGS: language, warnings, hardening, and the switches
# --enable-werror, --enable-sanitizers, --enable-coverage.  A flag that this
# compiler or linker does not know is left out, one by one.

AC_DEFUN([SIGNIN_TRY_CFLAG], [
  AS_VAR_PUSHDEF([cv], [signin_cv_cflag_$1])
  AC_CACHE_CHECK([whether $CC accepts $1], [cv], [
    signin_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AS_VAR_SET([cv], [yes])], [AS_VAR_SET([cv], [no])])
    CFLAGS=$signin_saved])
  AS_VAR_IF([cv], [yes], [$2="$$2 $1"])
  AS_VAR_POPDEF([cv])])

AC_DEFUN([SIGNIN_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [warnings are errors (CI)])])
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers],
      [AddressSanitizer and UndefinedBehaviorSanitizer (tests)])])
  AC_ARG_ENABLE([fault-hooks],
    [AS_HELP_STRING([--enable-fault-hooks],
      [have signind die where a test wants it (never install such a build)])])
  AC_ARG_ENABLE([coverage],
    [AS_HELP_STRING([--enable-coverage], [gcov instrumentation (tests)])])

  # The user's CFLAGS still come last; only the default -g -O2 stays.
  HOUSE_CFLAGS="-std=gnu17"
  m4_foreach_w([flag], [-Wall -Wextra -Wpedantic -Wconversion
    -Wsign-conversion -Wshadow -Wformat=2
    -Wformat-signedness -Wstrict-prototypes -Wold-style-definition
    -Wmissing-prototypes -Wmissing-declarations -Wredundant-decls
    -Wnull-dereference -Wpointer-arith -Wcast-qual -Wcast-align=strict
    -Wwrite-strings -Wundef -Wvla -Walloca -Wlogical-op -Wduplicated-cond
    -Wduplicated-branches -Wswitch-enum -Wimplicit-fallthrough=5
    -Wdate-time
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -ftrivial-auto-var-init=zero -fno-common -fvisibility=hidden],
    [SIGNIN_TRY_CFLAG(flag, [HOUSE_CFLAGS])])
  HOUSE_LDFLAGS=
  signin_saved=$LDFLAGS
  for flag in -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack \
    -Wl,--no-undefined-version -Wl,--fatal-warnings -Wl,--as-needed; do
    AC_MSG_CHECKING([whether the linker accepts $flag])
    LDFLAGS="$signin_saved $flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [HOUSE_LDFLAGS="$HOUSE_LDFLAGS $flag"
       AC_MSG_RESULT([yes])], [AC_MSG_RESULT([no])])
  done
  LDFLAGS=$signin_saved
  # Modules live in other people's processes: bind inside, never unload.
  MODULE_LDFLAGS="-Wl,-z,nodelete -Wl,-Bsymbolic"

  AS_IF([test "x$enable_sanitizers" = xyes], [
    HOUSE_CFLAGS="$HOUSE_CFLAGS -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined"
    HOUSE_LDFLAGS="$HOUSE_LDFLAGS -fsanitize=address,undefined"
  ], [
    HOUSE_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
    MODULE_LDFLAGS="$MODULE_LDFLAGS -Wl,-z,defs"
  ])
  AM_CONDITIONAL([FAULT_HOOKS], [test "x$enable_fault_hooks" = xyes])
  AS_IF([test "x$enable_fault_hooks" = xyes],
    [HOUSE_CPPFLAGS="$HOUSE_CPPFLAGS -DFAULT_HOOKS"])
  AS_IF([test "x$enable_coverage" = xyes],
    [HOUSE_CFLAGS="$HOUSE_CFLAGS --coverage"
     HOUSE_LDFLAGS="$HOUSE_LDFLAGS --coverage"])
  AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" = xyes])
  AS_IF([test "x$enable_werror" = xyes],
    [HOUSE_CFLAGS="$HOUSE_CFLAGS -Werror"])
  AC_SUBST([HOUSE_CFLAGS])
  AC_SUBST([HOUSE_CPPFLAGS])
  AC_SUBST([HOUSE_LDFLAGS])
  AC_SUBST([MODULE_LDFLAGS])
])
