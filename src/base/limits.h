// SPDX-License-Identifier: GPL-3.0-or-later
/* base/limits.h: every ceiling on what the outside can make us hold, in one list.
 * A buffer that is fed from outside names its ceiling from here. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Names and labels. */
#define BW_NAME_BYTES_MAX 256u         /* a service, instance or check name */
#define BW_LABEL_VALUE_BYTES_MAX 1024u /* a label's value, longer ones are cut */
#define BW_LABELS_MAX 32u              /* labels of one series */
#define BW_SERIES_PER_CHECK_MAX 600u   /* of one check on one instance, stored */
#define BW_SERIES_PER_SOURCE_MAX 5000u /* of the host or another part of the daemon, stored */

/* Configuration. */
#define BW_CONF_FILE_BYTES_MAX (4u << 20)
#define BW_CONF_ERRORS_MAX 100u /* mistakes listed before "and more" */
#define BW_CONF_DEPTH_MAX 40u   /* mappings and lists inside each other */
#define BW_CONF_KEYS_MAX 10000u /* of one mapping */

/* Values that aliases of one file stand for. */
#define BW_CONF_COPIED_MAX 20000u

/* Targets that are found, not configured. */
#define BW_DISCOVERED_TARGETS_MAX 100000u  /* of one list */
#define BW_DISCOVERED_LABELS_MAX 64u       /* of one target, before relabelling */
#define BW_PUSHED_TARGETS_MAX 2000u        /* registered with one source */
#define BW_DISCOVERED_FILES_MAX 1000u      /* that one pattern may mean */
#define BW_KEPT_LIST_BYTES_MAX (16u << 20) /* of one list that is kept for the next start */

/* Probes. */
#define BW_PROBE_BODY_BYTES_MAX (1u << 20)  /* decoded bytes of a response, by default */
#define BW_PROBE_BODY_BYTES_TOP (64u << 20) /* and whatever is configured */
#define BW_PROBE_HEADER_BYTES_MAX (64u << 10)
#define BW_PROBE_HEADER_LINES_MAX 100u
#define BW_PROBE_DETAIL_BYTES_MAX 256u /* a peer's words in a result */
#define BW_PROBE_KEPT_MAX 4u           /* connections that one check leaves open for its next run */
#define BW_PROBE_KEPT_NS 90000000000   /* and how long */
#define BW_PROBE_REDIRECTS_MAX 10u     /* followed by default */
#define BW_PROBE_JSON_BYTES_MAX (4u << 20) /* of a body that is read as JSON */
#define BW_PROBE_JSON_DEPTH_MAX 100u
#define BW_TRAIL_BYTES_MAX (8u << 10)         /* raw notes of one run */
#define BW_TRAIL_NOTE_BYTES_MAX 1024u         /* one of them; longer ones are cut */
#define BW_TRANSCRIPT_BYTES_MAX 4096u         /* the same told as text, escapes included */
#define BW_FAILURES_KEPT_MAX 10u              /* failures of one check that are stored */
#define BW_EXEC_ARGUMENTS_MAX 256u            /* of one command */
#define BW_EXEC_COMMAND_BYTES_MAX (64u << 10) /* of all its words */
#define BW_DESCRIPTORS_RESERVED 32u /* that checks leave to the front end, the store, names */
#define BW_EXEC_VARIABLES_MAX 64u /* of one command's environment, besides the five it always has  \
                                   */
#define BW_EXEC_ENVIRONMENT_BYTES_MAX (32u << 10)
#define BW_EXEC_PERFDATA_MAX 100u /* measurements taken from one output */
#define BW_EXEC_SERIES_MAX 500u   /* of one output in the text format of Prometheus */
#define BW_EXEC_FAMILIES_MAX 100u /* metrics of one such output */
#define BW_RESOLVED_ADDRESSES_MAX 32u
#define BW_SPREAD_ADDRESSES_MAX 16u /* of one name that one run asks (resolve_mode) */
#define BW_ASKED_PROBES_MAX 128u    /* that /probe runs at one time; for strangers a quarter */
#define BW_ASKED_PROBES_PER_S 1000u /* that begin in a second */
#define BW_ASKED_PROBES_PER_S_STRANGERS 50u /* of these, for who has no token, from elsewhere */
#define BW_ASKED_PARAMETERS_MAX 16u /* that set options: of one request, in one module's list */
#define BW_ASKED_PARAMETER_BYTES_MAX 1024u

/* HTTP front end. */
#define BW_WEB_HEADER_BYTES_MAX (16u << 10)
#define BW_WEB_BODY_BYTES_MAX (64u << 10)
#define BW_WEB_MARKER_BYTES_MAX (16u << 10) /* a marker as JSON */
#define BW_MARKER_TEXT_BYTES_MAX 1024u
#define BW_MARKER_TAGS_MAX 8u
#define BW_MARKER_TAG_BYTES_MAX 64u
#define BW_WEB_PUSH_BYTES_MAX (10u << 10)  /* what a job has to say */
#define BW_WEB_IMPORT_BYTES_MAX (1u << 20) /* of samples in one request */
#define BW_WEB_RESPONSE_BYTES_MAX (48u << 20)
#define BW_WEB_METRICS_BYTES_MAX (256u << 20) /* as large as what is configured, whoever asks */
#define BW_WEB_CONNECTIONS_MAX 512u
#define BW_WEB_CONNECTIONS_PER_ADDRESS_MAX 64u

/* Files of /proc and /sys. */
#define BW_PROC_FILE_BYTES_MAX (4u << 20)
#define BW_OS_RELEASE_BYTES_MAX (64u << 10)

/* Metrics from *.prom files. */
#define BW_TEXTFILE_BYTES_MAX (1u << 20)
#define BW_TEXTFILES_MAX 200u         /* of the directory */
#define BW_TEXTFILE_SAMPLES_MAX 5000u /* of all files together */
#define BW_GUEST_FAMILIES_MAX 1000u   /* names, types and label sets since the start */

/* Templates. */
#define BW_TEMPLATE_BYTES_MAX (1u << 20)
#define BW_TEMPLATE_DEPTH_MAX 200u
#define BW_TEMPLATE_VALUE_BYTES_MAX (16u << 20) /* one value, escaped */

/* Calendars, expressions, schedules. */
#define BW_TZIF_BYTES_MAX (256u << 10)
#define BW_CRON_BYTES_MAX 256u
#define BW_MAINTENANCE_MAX 64u    /* windows */
#define BW_INTERVAL_PARTS_MAX 32u /* times, days or years of one time interval */
#define BW_EXPR_BYTES_MAX 4096u
#define BW_EXPR_DEPTH_MAX 64u
#define BW_EXPR_VECTOR_MAX 100000u /* series one selector may yield */
#define BW_SCHEDULE_CHECKS_MAX 1000000u

/* What the self-canary may ask. */
#define BW_CANARY_TARGETS_MAX 16u

/* Alerts that exist at one time, pending ones included. */
#define BW_ALERTS_MAX 10000u

/* Events of one kind that one report looks at, in its range and again before it. */
#define BW_REPORT_EVENTS_MAX 200000u

/* Series watched value by value, 7 KB each: those that anomaly rules name, and trends.max_watched. */
#define BW_WATCHED_MAX 10000u

/* Series handed to the trend engine as text. */
#define BW_TREND_LINE_BYTES_MAX (64u << 20)  /* one JSON line */
#define BW_TREND_LINE_VALUES_MAX 12000000u   /* and what is in it: parsed it takes 50 bytes each */
#define BW_TREND_TEXT_BYTES_MAX (512u << 20) /* a series as text */
#define BW_TREND_POINTS_MAX 12000000u        /* of a series as text */
#define BW_FINDINGS_BYTES_MAX 4096u          /* of one series, stored or said */

/* One log line. */
#define BW_LOG_LINE_BYTES_MAX 4096u

#endif
