"""Every limit in one file: the unit in the name, the reason beside it."""

from __future__ import annotations

from datetime import timedelta

# Amounts. The minimum is what the merchants' documents promise (1.00 INR); see
# ``money.amount_minor_min``. The maximum keeps every sum of a merchant's payments inside a
# signed 64-bit column and every amount inside the exact integers of JavaScript (2**53).
AMOUNT_MINOR_MIN = 100
AMOUNT_MINOR_MAX = 1_000_000_000_000

# Requests. An order with the largest notes fits ten times.
BODY_BYTES_MAX = 64 * 1024

# A client that sends its body more slowly than this blocks a connection.
BODY_TIMEOUT_S = 10

# Deeper than real notes; shallow enough for every recursive parser.
JSON_DEPTH_MAX = 32
TEXT_CHARS_MAX = 255

# Client addresses in the audit log and in sessions.
IP_CHARS_MAX = 64

# The name of an action in the audit log.
ACTION_CHARS_MAX = 64
URL_CHARS_MAX = 2048
NOTES_BYTES_MAX = 16 * 1024
PAGE_ROWS_DEFAULT = 10
PAGE_ROWS_MAX = 100

# The number of newest rows in a list that is not paged.
LIST_ROWS_MAX = 1000

# Rows that a page of a list counts; its total is exact up to this.
COUNTED_ROWS_MAX = 10_000

# A larger offset is a mistake or an attack; PostgreSQL would read every skipped row.
OFFSET_ROWS_MAX = 1_000_000

# Sessions and keys. Measured in real time, which no test changes.
SESSION_LASTS = timedelta(hours=12)
SESSION_IDLE_MAX = timedelta(hours=2)

# A last use is stored at most this often, outside the request.
LAST_USE_EVERY = timedelta(minutes=1)

# Wrong passwords for one account from one address: ten in 15 minutes lock it.
LOGIN_ATTEMPTS_MAX = 10
LOGIN_ATTEMPTS_WINDOW = timedelta(minutes=15)
LOGIN_LOCKED_FOR = timedelta(minutes=30)
PASSWORD_CHARS_MIN = 12

# Longer passwords cost hashing time and add no security.
PASSWORD_CHARS_MAX = 256
KEY_LABEL_CHARS_MAX = 100

# How long the old secret of the merchant's key pair stays valid after a rotation: the
# default and the maximum.
KEY_GRACE_DEFAULT = timedelta(hours=24)
KEY_GRACE_MAX = timedelta(days=7)

# Refused access. The first refusal of a kind is logged at once, the others of a minute
# as one entry, so that a flood of requests does not fill the logs.
REFUSAL_WINDOW = timedelta(minutes=1)
REFUSAL_WINDOWS_MAX = 1000
REFUSAL_ADDRESSES_MAX = 10

# Unsigned, and unreadable, callbacks of one processor that are stored in an hour.
UNSIGNED_ROWS_MAX = 60

# Rate limits in production: of a key or session, of an address, of an order. A shopper who
# mistypes a card tries a few times; who tests stolen cards, hundreds of times.
READS_PER_S = 100
WRITES_PER_S = 100
SHOPPERS_PER_S = 50
CALLBACKS_PER_S = 200
SIGN_INS_PER_MIN = 30
ORDER_PAYMENTS_PER_H = 30
RESENDS_PER_H = 50_000

# Each of them in development: more than a process can answer, so that no test is refused.
REQUESTS_PER_S_IN_DEVELOPMENT = 10_000

# A bucket takes some 300 bytes; the stalest is dropped.
BUCKETS_MAX = 50_000

# How often a process reports what its senders have used, and of how many buckets.
BUCKETS_SHARED_EVERY_S = 0.25
BUCKETS_SHARED_MAX = 1_000

# No request waits longer for the shared buckets. After a failure they are not asked for a while.
BUCKETS_TIMEOUT_S = 0.025
BUCKETS_REPORT_TIMEOUT_S = 2.0
BUCKETS_PAUSE_S = 1.0

# Keys and sessions of one address have this many times the limit of one of them.
ADDRESS_SHARE = 4

# Leases. The worker renews at a third of the lease, so two renewals may fail before it
# loses the row; start-up refuses `RENEW_EVERY * 2 >= LEASE`.
LEASE = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=5)
HEARTBEAT_EVERY = timedelta(seconds=2)

# A worker without a heartbeat for this long counts as dead: its leases are released.
WORKER_DEAD_AFTER = timedelta(seconds=10)

# How long a dead worker is still shown; then its row is deleted.
WORKER_DELETED_AFTER = timedelta(minutes=5)
SWEEP_EVERY = timedelta(seconds=1)

# Claims of a row whose handling keeps raising, before it is dead-lettered.
CLAIMS_MAX = 25
CLAIM_BACKOFF_MAX = timedelta(seconds=60)

# Plugins. Shorter than a lease, so that a call ends before its lease does.
PLUGIN_CALL = timedelta(seconds=10)
# A request to a dialect, which may wait for the outcome of a payment.
WIRE_CALL = timedelta(seconds=40)
# Different unsupported requests that are counted.
WIRE_UNKNOWN_MAX = 1000

# Records of plugins, of one merchant. A new one counts them first, in about 10 ms at the maximum.
RECORDS_MAX = 100_000
RECORD_BYTES_MAX = 48 * 1024
RECORD_ID_CHARS_MAX = 255
RECORD_KEPT = timedelta(days=400)
# A page of a list, and one more to know whether there are more.
RECORDS_LISTED_MAX = PAGE_ROWS_MAX + 1
PLUGIN_TEXT_CHARS_MAX = 500

# Threads of one plugin that `asyncio.to_thread` starts in a process; further calls wait.
PLUGIN_THREADS_MAX = 8

# How often the event loop is asked to answer, and when it counts as blocked. A processor that
# blocks it for longer is called less: the leases and heartbeats of the worker are at risk.
LOOP_CHECKED_EVERY = timedelta(seconds=1)
LOOP_BLOCKED_AFTER = timedelta(seconds=1)
LOOP_BLOCK_TRIPS_AFTER = timedelta(seconds=3)

# Widths of the columns that name a plugin and a payment method.
PLUGIN_ID_CHARS_MAX = 64
METHOD_CODE_CHARS_MAX = 20
PLUGIN_STATE_BYTES_MAX = 16 * 1024

# Wake-ups that one call may request, and their longest delay: longer than a bank holds money.
WAKE_UPS_MAX = 50
WAKE_UP_MAX = timedelta(days=400)

# How long the sealed secret of an instrument (a card) is stored after the charge was sent
# to the processor. Queries do not need it.
SEALED_MAX = timedelta(minutes=15)

# The shortest delay before a pending operation is queried again; the delay grows with the
# age of the operation.
PENDING_PAUSE_MIN = timedelta(seconds=1)

# A processor that answers "pending" with a shorter delay is queried once after that delay, by
# the same job. The job occupies its slot meanwhile.
QUERY_AT_ONCE_MAX = timedelta(milliseconds=250)

# A pending operation is due by the time that the processor named, or within a week: bank
# transfers take days. After that "pending" counts as unknown, so that it ends or is reviewed.
PENDING_MAX = timedelta(days=7)
PENDING_GRACE = timedelta(hours=1)

# All routers together; a request waits for them.
ROUTING = timedelta(milliseconds=500)

# What routers see of a processor's health: of calls of this period, and how often a process reads
# it. Breakers are as old as a worker's last heartbeat, too.
ROUTER_HEALTH_OVER = timedelta(minutes=5)
ROUTER_HEALTH_READ_EVERY = timedelta(seconds=2)

# Each risk check; all of them run at the same time.
RISK_CHECK = timedelta(seconds=2)

# The longest period and the most payments that a plugin may count.
HISTORY_MAX = timedelta(days=31)
HISTORY_ROWS_MAX = 1000

# Webhooks.
RESPONSE_BYTES_STORED_MAX = 4 * 1024
RETRY_AFTER_MAX = timedelta(hours=24)

# Lookups of host names. They cannot be interrupted, so that each has a thread until it ends; a
# request waits for the deadline only. New names have three quarters of the threads, names whose
# last lookup was late a quarter.
NAME_LOOKUP = timedelta(seconds=3)
NAME_LOOKUPS_MAX = 64
NAME_LOOKUPS_OF_UNKNOWN_MAX = 48
NAME_LOOKUPS_OF_SLOW_MAX = 16
NAMES_REMEMBERED_MAX = 10_000

# Each event makes one delivery per endpoint; more endpoints need a message bus.
ENDPOINTS_MAX = 20
ENDPOINT_EVENTS_MAX = 50

# Long enough to deploy a new secret, short enough to end a leaked one.
SECRET_OVERLAP = timedelta(hours=24)

# An endpoint that has only failed for this long is disabled.
FAILING_MAX = timedelta(days=5)

# Rows that one statement writes; repeat the request for more.
RECOVER_ROWS_MAX = 10_000
RECOVER_SAMPLE_ROWS = 10

# The newest attempts of one delivery that are shown.
ATTEMPTS_SHOWN_MAX = 200
ATTEMPT_HEADERS_MAX = 50
ATTEMPT_HEADER_CHARS_MAX = 1000

# Operations and deliveries in flight in one worker process, and rows per claim.
OPERATIONS_IN_FLIGHT_MAX = 400
DELIVERIES_IN_FLIGHT_MAX = 512
CLAIM_ROWS_MAX = 200

# Calls of a processor in a row without a response, in one worker, that open its breaker, and how
# long it is open: twice as long after each probe that fails.
PROCESSOR_FAILURES_MAX = 5
BREAKER_PAUSE_MIN = timedelta(seconds=1)
BREAKER_PAUSE_MAX = timedelta(seconds=30)

# Concurrent deliveries to one endpoint, over all workers: an endpoint that does not
# respond blocks no more than these.
ENDPOINT_IN_FLIGHT_MAX = 16

# Concurrent deliveries to all endpoints of one merchant.
MERCHANT_IN_FLIGHT_MAX = 96

# Attempts in a row without an answer that open the breaker of an endpoint: it gets one attempt at
# a time until it answers.
UNANSWERED_MAX = 5

# The notifier. A notification must never slow down a response.
NOTIFICATIONS_BUFFERED_MAX = 1000

# Requests that wait for a payment. Each costs a socket and a read of the payment now and then.
PAYMENT_WAIT_MAX = timedelta(seconds=30)
PAYMENT_WAITS_MAX = 500

# Event streams. A dashboard opens one per tab; each costs a socket and a buffer.
FOLLOWERS_OF_MERCHANT_MAX = 20
FOLLOWERS_OF_PROCESS_MAX = 500

# Events buffered for a slow stream; then it ends, and the client reconnects.
FOLLOWER_EVENTS_MAX = 1000
CURSOR_MAX = 2**63 - 1

# How often an idle stream sends a ping and its credentials are checked again.
STREAM_PING = timedelta(seconds=15)

# Due for this long and not claimed: a fault.
OVERDUE_AFTER = timedelta(seconds=60)
STUCK_ROWS_MAX = 50

# Figures. Latencies are those of at most so many of the newest rows of a period.
FIGURES_SAMPLE_ROWS = 5_000

# How often workers add stored changes to the figures, and how many at a time. Until then every
# reader adds them up.
FIGURES_FOLDED_EVERY = timedelta(seconds=5)
FIGURE_CHANGES_FOLDED = 10_000

# Housekeeping. How long calls and callbacks are stored by default.
CALLS_RETENTION = timedelta(days=90)
