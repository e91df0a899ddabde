/*
 * metrics - what the filter does, as numbers (monitor.h)
 */
#ifndef FERRY_MILTER_METRICS_H
#define FERRY_MILTER_METRICS_H

#include "common/wire/monitor.h"
#include "milter/filter.h"

/* The filter must outlive the table. */
struct monitor_table milter_metrics(struct filter *filter);

#endif
