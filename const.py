"""Values that several files share, each with what it means."""

from odoo.exceptions import LockError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

# Another transaction was faster: to be tried again. What PostgreSQL gave up for other
# reasons, a limit of time say, would only fail again.
RETRY = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, LockError)

# Days a plan's trial, notice or lead may span: ten years are a typing error.
MAX_PLAN_DAYS = 3650

# A contract further behind than so many periods is held for a person to release.
MAX_BACKLOG_PERIODS = 12

# A fixed term that is over for longer is not renewed, but sold anew.
MAX_LATE_RENEWAL_DAYS = 31

# Nobody sells more of anything, nor dearer; beyond it, floats lose the cents.
MAX_NUMBER = 1e12
MAX_AMOUNT = 1e15

# Contracts billed between two commits of the daily run.
BILLING_BATCH_SIZE = 100

# What is usual for a contract is the dearest of so many of its last periods.
USUAL_PERIODS = 6

# An invoice of more than so many times the usual is held for a person.
DEFAULT_ANOMALY_FACTOR = 5.0

# Ledger states that occupy their days; the one missing is void.
LIVE_PERIOD_STATES = ("billed", "paid", "free", "paused", "credited")

# Causes for which a contract is held until a person, or a repair, releases it.
HOLDS = [
    ("billing_error", "Billing error"),
    ("payment_unknown", "Payment unknown"),
    ("payment_declined", "Payment declined"),
    ("anomaly", "Unusual amount"),
    ("backlog", "Too far behind"),
]

# What an account.move keeps out of the chatter when the run makes hundreds of them:
# the contract's own line in the chatter, and the invoice's creation, remain.
QUIET = {
    "mail_create_nosubscribe": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_notrack": True,
    "tracking_disable": True,
}

# Contracts whose new prices are worked out, or that are changed and told, between two
# commits. The latter write a message each.
PRICE_INCREASE_BATCH_SIZE = 500
PRICE_INCREASE_MESSAGE_BATCH_SIZE = 100

# A step of a dunning policy stands at most so many days after the first failure.
MAX_DUNNING_DAYS = 365

# Minutes a customer has to finish a payment that was begun online; meanwhile nothing is
# charged by itself.
ONLINE_PAYMENT_MINUTES = 30

# Days a payment may be pending at its provider before a person is told.
MAX_PENDING_DAYS = 14

# Unknown payments are asked for again so many minutes after the first call, as long as
# the provider remembers it.
ASK_AGAIN_MINUTES = (5, 60, 360, 1200)

# A provider that fails to answer so often in a row is left alone until the next run.
MAX_SILENCES = 3

# Units of one thing a customer may ask for by themselves; for more, people talk.
MAX_CUSTOMER_QUANTITY = 100_000

# Letters of what customers write: a reason, a remark.
MAX_REMARK_LENGTH = 2000

# Shared by files of models, which do not import one another for them: in which order
# they are loaded decides whose override comes first.
QUOTATION_STATES = ("draft", "sent")
PAYMENT_HOLDS = ("payment_unknown", "payment_declined")

# What customers see as a contract, and not as a quotation.
CONTRACT_STATES = ("progress", "paused", "renewed", "churned")

# What customers may do by themselves, in the order in which a page offers it.
CUSTOMER_ACTIONS = (
    "change",
    "plan",
    "revoke_change",
    "renew",
    "pause",
    "resume",
    "payment_method",
    "address",
    "close",
    "revoke_close",
)

# As Odoo's own mails about orders: it fits telephones.
MAIL_LAYOUT = "mail.mail_notification_layout_with_responsible_signature"

# Invoices a preview lists at most: ten years by the month.
MAX_PREVIEW = 120

# How a contract is doing.
HEALTH = [("neutral", "Neutral"), ("good", "Good"), ("bad", "Bad")]

# Contracts an alert acts on between two commits, and at once when asked by a button.
ALERT_BATCH_SIZE = 50
MAX_ALERTS_AT_ONCE = 200

# So often in a day an alert acts on the same contract: more would be a nuisance.
MAX_ALERTS_A_DAY = 3

# What one alert changes may set off others, so many times in a run.
MAX_ALERT_PASSES = 3
# A rating of 5 is 100 % satisfied.
PERCENT_PER_POINT = 20
