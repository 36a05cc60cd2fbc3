from . import test_billing
from . import test_billing_run
from . import test_confirmation
from . import test_documents
from . import test_invoice_changes
from . import test_tours
