"""Every bound in one place: the unit in the name, the reason beside it."""

from __future__ import annotations

from datetime import timedelta

# Amounts. The floor is what the merchants' documents promise (1.00 INR); the
# ceiling keeps every sum of a merchant's payments inside a signed 64-bit column
# and every amount inside what JavaScript counts exactly (2**53).
AMOUNT_MINOR_MIN = 100
AMOUNT_MINOR_MAX = 1_000_000_000_000

# Requests. An order with the largest notes we accept fits ten times over.
BODY_BYTES_MAX = 64 * 1024

# A body that takes longer than this to arrive is somebody holding a connection.
BODY_TIMEOUT_S = 10

# Deeper than any real note; shallow enough that no parser of ours recurses far.
JSON_DEPTH_MAX = 32
TEXT_CHARS_MAX = 255

# As the audit log and sessions keep the address of a client.
IP_CHARS_MAX = 64

# Of what the audit log says was done.
ACTION_CHARS_MAX = 64
URL_CHARS_MAX = 2048
NOTES_BYTES_MAX = 16 * 1024
PAGE_ROWS_DEFAULT = 10
PAGE_ROWS_MAX = 100

# A list without a page asks for the newest rows, and this many are enough.
LIST_ROWS_MAX = 1000

# A larger offset is a mistake or an attack; PostgreSQL would walk all of it.
OFFSET_ROWS_MAX = 1_000_000

# Sessions and keys. Counted in real time, which no test moves.
SESSION_LASTS = timedelta(hours=12)
SESSION_IDLE_MAX = timedelta(hours=2)

# A last use is written down no more often than this, beside the request and not in it.
LAST_USE_EVERY = timedelta(minutes=1)

# Wrong passwords for one account from one address: ten in a quarter of an hour end it.
LOGIN_ATTEMPTS_MAX = 10
LOGIN_ATTEMPTS_WINDOW = timedelta(minutes=15)
LOGIN_LOCKED_FOR = timedelta(minutes=30)
PASSWORD_CHARS_MIN = 12

# Longer ones cost us time and gain nobody anything.
PASSWORD_CHARS_MAX = 256
KEY_LABEL_CHARS_MAX = 100

# How long the secret of the merchant's own pair authenticates beside a new one: unless
# said, and at most.
KEY_GRACE_DEFAULT = timedelta(hours=24)
KEY_GRACE_MAX = timedelta(days=7)

# Refused access. The first of a kind is written down at once, the others of a minute
# together, so that a flood fills neither log.
REFUSAL_WINDOW = timedelta(minutes=1)
REFUSAL_WINDOWS_MAX = 1000
REFUSAL_ADDRESSES_MAX = 10

# Unsigned callbacks of one processor, and unreadable ones, that are stored within a window.
UNSIGNED_ROWS_MAX = 60

# Leases. The holder renews at a third, so two renewals may fail before it loses
# the row; start-up refuses `RENEW_EVERY * 2 >= LEASE`.
LEASE = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=5)
HEARTBEAT_EVERY = timedelta(seconds=2)

# A worker that has not been heard of for this long is gone: its leases are freed.
WORKER_GONE_AFTER = timedelta(seconds=10)

# Shown as gone for so long, for whoever looks why; then its row is deleted.
WORKER_DELETED_AFTER = timedelta(minutes=5)
SWEEP_EVERY = timedelta(seconds=1)

# A row whose handling keeps raising (our fault, not the processor's) is set aside.
CLAIMS_MAX = 25
CLAIM_BACKOFF_MAX = timedelta(seconds=60)

# Plugins. Shorter than a lease, so one call never outlives its right to the row.
PLUGIN_CALL = timedelta(seconds=10)
PLUGIN_TEXT_CHARS_MAX = 500

# As wide as the columns that name a plugin and a payment method.
PLUGIN_ID_CHARS_MAX = 64
METHOD_CODE_CHARS_MAX = 20
PLUGIN_STATE_BYTES_MAX = 16 * 1024

# A processor that is asked again at once, again and again, does nothing but answer.
PENDING_WAIT_MIN = timedelta(seconds=1)

# What one call may put off, and for how long: longer than any bank holds money.
WAKE_UPS_MAX = 50
WAKE_UP_MAX = timedelta(days=400)

# How long a card or another secret of an instrument is stored, sealed, once the charge was on
# its way to the processor. Queries do without it.
SEALED_MAX = timedelta(minutes=15)

# A processor that says "pending" is asked again no sooner than this, and less often as the
# operation grows old.
PENDING_PAUSE_MIN = timedelta(seconds=1)

# It should have decided by the time it named, or within a week: bank transfers take days.
# After that "pending" counts as no answer, so that the operation ends or is reviewed.
PENDING_MAX = timedelta(days=7)
PENDING_GRACE = timedelta(hours=1)

# All routers together, while a request waits for its answer.
ROUTING = timedelta(milliseconds=500)

# Each risk check; they are asked at the same time.
RISK_CHECK = timedelta(seconds=2)

# How far back, and over how many payments, a plugin may count.
HISTORY_MAX = timedelta(days=31)
HISTORY_ROWS_MAX = 1000

# Webhooks. Five seconds over the whole exchange is what receivers are promised.
DELIVERY_TIMEOUT = timedelta(seconds=5)
RESPONSE_BYTES_READ_MAX = 64 * 1024
RESPONSE_BYTES_KEPT_MAX = 4 * 1024
RETRY_AFTER_MAX = timedelta(hours=24)

# Each event is one delivery per endpoint: more endpoints than this is a bus.
ENDPOINTS_MAX = 20
ENDPOINT_EVENTS_MAX = 50

# Long enough to roll a new secret out, short enough that a leaked one dies.
SECRET_OVERLAP = timedelta(hours=24)

# Nothing but failures for so long: nobody is there, or nobody looks.
FAILING_MAX = timedelta(days=5)

# One statement writes so many; who has more asks again.
RECOVER_ROWS_MAX = 10_000
RECOVER_SAMPLE_ROWS = 10

# Shown of one delivery, the newest.
ATTEMPTS_SHOWN_MAX = 200
ATTEMPT_HEADERS_MAX = 50
ATTEMPT_HEADER_CHARS_MAX = 1000

# Work in flight in one worker process, and rows claimed by one statement.
OPERATIONS_IN_FLIGHT_MAX = 400
DELIVERIES_IN_FLIGHT_MAX = 128
CLAIM_ROWS_MAX = 200

# Deliveries under way to one endpoint, over all workers: one that hangs holds
# this many slots and no more.
ENDPOINT_IN_FLIGHT_MAX = 4

# The notifier. A notification may never slow down a response.
NOTIFICATIONS_BUFFERED_MAX = 1000

# Streams of events. A dashboard holds one a tab; each costs a socket and its buffer.
FOLLOWERS_OF_MERCHANT_MAX = 20
FOLLOWERS_OF_PROCESS_MAX = 500

# Events that wait for a follower that reads slowly; then it has to come again.
FOLLOWER_EVENTS_MAX = 1000
CURSOR_MAX = 2**63 - 1

# A follower that hears nothing hears a ping, and is asked again who it is.
STREAM_PING = timedelta(seconds=15)

# Due for so long and held by nobody: something is wrong.
OVERDUE_AFTER = timedelta(seconds=60)
STUCK_ROWS_MAX = 50

# Housekeeping. What is kept of calls and callbacks, unless a setting says otherwise.
CALLS_RETENTION = timedelta(days=90)
