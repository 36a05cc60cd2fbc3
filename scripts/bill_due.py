"""Run by `make run` in `odoo shell`: bill what is due, as the scheduled action does."""

cron = env.ref("subscriptions.ir_cron_bill_due", raise_if_not_found=False)  # noqa: F821
if cron:
    cron.method_direct_trigger()
    env.cr.commit()  # noqa: F821  # a shell forgets what is not committed
