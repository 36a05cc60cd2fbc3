import {ComboConfiguratorDialog} from "@sale/js/combo_configurator_dialog/combo_configurator_dialog";
import {ProductConfiguratorDialog} from "@sale/js/product_configurator_dialog/product_configurator_dialog";
import {SaleOrderLineProductField} from "@sale/js/sale_product_field";
import {patch} from "@web/core/utils/patch";

// The configurators ask the server for prices: tell it the order's plan, so that they show
// what the plan costs. The server hands unknown parameters on to the pricelist.

patch(SaleOrderLineProductField.prototype, {
    _getSubscriptionPlan() {
        return this.props.record.model.root.data.plan_id?.id;
    },

    _getAdditionalRpcParams() {
        const params = super._getAdditionalRpcParams();
        const planId = this._getSubscriptionPlan();
        return planId ? {...params, plan_id: planId} : params;
    },

    _getAdditionalDialogProps() {
        const props = super._getAdditionalDialogProps();
        const subscriptionPlanId = this._getSubscriptionPlan();
        return subscriptionPlanId ? {...props, subscriptionPlanId} : props;
    },
});

for (const Dialog of [ProductConfiguratorDialog, ComboConfiguratorDialog]) {
    Dialog.props = {
        ...Dialog.props,
        subscriptionPlanId: {type: Number, optional: true},
    };
    patch(Dialog.prototype, {
        _getAdditionalRpcParams() {
            const params = super._getAdditionalRpcParams();
            const planId = this.props.subscriptionPlanId;
            return planId ? {...params, plan_id: planId} : params;
        },
    });
}
