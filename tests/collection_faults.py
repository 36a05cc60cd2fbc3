"""Faults to plant in the processes that collect: each takes one guard away.

    SUBSCRIPTIONS_FAULT=no_key scripts/test tests/test_collection_soak.py

and the test named here fails: a proof that cannot fail proves nothing. `scripts/soak
--faults` does that with all of them. docs/reliability.md has what they led to.
"""


def plant(registry, name):
    """Take a guard away.

    :param str name: one of FAULTS
    """
    _test, fault = FAULTS[name]
    fault(registry)


def _replace(registry, model, name, function):
    """Replace a method; the function gets the original as its first argument."""
    original = getattr(registry[model], name)

    def method(records, *args, **kwargs):
        return function(original, records, *args, **kwargs)

    setattr(registry[model], name, method)


def no_key(registry):
    """The provider is asked again without the key it knows the first call by."""
    _replace(
        registry, "payment.provider", "_build_request_headers", lambda *args, **kw: {}
    )


def key_for_ever(registry):
    """The provider is asked again when it has forgotten the first call."""
    _replace(
        registry, "payment.provider", "_get_charge_key_hours", lambda *args: 24 * 365
    )


def commit_after_call(registry):
    """What is intended is committed with what came of it, not before."""

    def handle(original, self, collection):
        collection = self._browse(collection.id)
        if self._begin(collection):
            self._call(collection)
            self._record(self._browse(collection.id))
        self.env["ir.cron"]._commit_progress()
        return True

    _replace(registry, "subscription.collector", "_handle", handle)


def calling_is_due(registry):
    """A call that a dead process left behind is made once more."""

    def leave_unknown(original, self, collection, tx):
        if tx.state == "draft":
            tx._set_canceled()
            collection._set_state("due", is_asked_for=True)
        else:
            original(self, collection, tx)

    _replace(registry, "subscription.collector", "_leave_unknown", leave_unknown)


def silence_is_no(registry):
    """A provider that does not answer is believed to have declined."""
    # Not before Odoo knows its addons; and there is no package to be relative to.
    # pylint: disable-next=odoo-addons-relative-import
    from odoo.addons.subscriptions.models.payment_provider_call import ProviderCall

    ProviderCall.is_refusal = lambda call: True


def unknown_is_due(registry):
    """What is unknown is charged anew when somebody presses the button."""

    def retry(original, orders):
        collector = orders.env["subscription.collector"].sudo()
        for collection in orders.sudo().collection_ids:
            if collection.state == "unknown":
                collector._settle(collection, False, "nobody looked")
        original(orders)

    _replace(registry, "sale.order", "action_retry_payment", retry)


def any_amount(registry):
    """A payment of another amount pays the invoice all the same."""
    _replace(registry, "payment.transaction", "_validate_amount", lambda *args: None)


def answer_is_lost(registry):
    """What the provider said is not written again when it could not be committed."""
    _replace(registry, "subscription.collector", "_note_call", lambda *args: None)


def no_advisory_lock(registry):
    """Between two commits of a payment, others take its process for dead."""
    _replace(registry, "subscription.collector", "_take_alone", lambda *args: True)
    _replace(registry, "subscription.collector", "_leave", lambda *args: None)


def no_lock(registry):
    """Two workers may be at one payment: what each writes still keeps them apart."""

    def lock(original, self, collection):
        collection.invalidate_recordset()
        return True

    _replace(registry, "subscription.collector", "_lock", lock)
    no_advisory_lock(registry)
    _replace(
        registry,
        "payment.transaction",
        "try_lock_for_update",
        lambda original, records, **kw: records,
    )


def nothing_between_workers(registry):
    """No lock, no state and no reference keeps two workers apart."""
    no_lock(registry)
    calling_is_due(registry)
    serial = iter(range(10**9))

    def prepare(original, self, *args):
        values = original(self, *args)
        backend = self.env.cr._cnx.get_backend_pid()
        attempt = f"{backend}{next(serial):04}"
        values["reference"] = values["reference"].rpartition("-")[0] + f"-{attempt}"
        return values

    _replace(registry, "subscription.collector", "_prepare_transaction", prepare)


def post_before_call(registry):
    """The invoice is posted before the provider is called, not after."""

    def lock_call(original, self, collection):
        tx = original(self, collection)
        if tx:
            tx.collection_id.move_id.action_post()
            self.env.flush_all()
        return tx

    _replace(registry, "subscription.collector", "_lock_call", lock_call)


def hold_without_activity(registry):
    """People are not told what is held."""
    _replace(registry, "sale.order", "_schedule_hold_activity", lambda *args: None)


# The test that sees it, and the fault.
FAULTS = {
    "no_key": ("is_held_with_keys", no_key),
    "key_for_ever": ("forgot", key_for_ever),
    "commit_after_call": ("killed and without", commit_after_call),
    "calling_is_due": ("killed and without", calling_is_due),
    "silence_is_no": ("is_held_without_keys", silence_is_no),
    "unknown_is_due": ("is_held_without_keys", unknown_is_due),
    "any_amount": ("is_held_without_keys", any_amount),
    "answer_is_lost": ("commits", answer_is_lost),
    "no_advisory_lock": ("between", no_advisory_lock),
    "nothing_between_workers": ("workers", nothing_between_workers),
    "post_before_call": ("clerk", post_before_call),
    "hold_without_activity": ("is_held_without_keys", hold_without_activity),
}
