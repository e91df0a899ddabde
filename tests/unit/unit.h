/*
 * What every unit test includes: cmocka and the headers it forgets to.
 */
#ifndef FERRY_UNIT_H
#define FERRY_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
