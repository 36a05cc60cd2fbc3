from odoo import models


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def _get_compatible_payment_methods(
        self, provider_ids, partner_id, force_tokenization=False, **kwargs
    ):
        """Override of `payment`: only what can be saved is offered for a contract.

        Odoo asks whether saving is required of providers alone; one that can save may
        have methods that it cannot save.
        """
        required = self.env["payment.provider"]._is_tokenization_required(**kwargs)
        return super()._get_compatible_payment_methods(
            provider_ids,
            partner_id,
            force_tokenization=force_tokenization or required,
            **kwargs,
        )
