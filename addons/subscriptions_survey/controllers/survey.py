from odoo.addons.survey.controllers.main import Survey


class ContractSurvey(Survey):
    def _prepare_retry_additional_values(self, answer):
        """Override of `survey`: another attempt is about the same contract."""
        values = super()._prepare_retry_additional_values(answer)
        return {
            **values,
            "order_id": answer.order_id.id,
            "invited_on": answer.invited_on,
        }
