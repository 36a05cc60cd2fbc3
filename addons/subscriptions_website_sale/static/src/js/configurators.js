import {ComboConfiguratorDialog} from "@sale/js/combo_configurator_dialog/combo_configurator_dialog";
import {ProductConfiguratorDialog} from "@sale/js/product_configurator_dialog/product_configurator_dialog";
import {patch} from "@web/core/utils/patch";

// The plan that was chosen on the page decides the prices in both dialogs.
for (const Dialog of [ComboConfiguratorDialog, ProductConfiguratorDialog]) {
    patch(Dialog, {
        props: {...Dialog.props, plan_id: {type: Number, optional: true}},
    });
    patch(Dialog.prototype, {
        _getAdditionalRpcParams() {
            const params = super._getAdditionalRpcParams();
            if (this.props.plan_id !== undefined) {
                params.plan_id = this.props.plan_id;
            }
            return params;
        },
    });
}
