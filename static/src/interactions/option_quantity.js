import {RPCError} from "@web/core/network/rpc";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";
import {SaleUpdateLineButton} from "@sale_management/interactions/sale_update_line_button";

patch(SaleUpdateLineButton.prototype, {
    /**
     * Odoo adds one where what is typed is no quantity. On the quotation of a contract
     * that is said in words, and what counts is shown again.
     *
     * @override
     */
    async onQuantityChange(ev, currentTargetEl) {
        if (!this.orderDetail.isSubscription) {
            return super.onQuantityChange(...arguments);
        }
        const typed = currentTargetEl.value.trim();
        // The server has the same rule: see `_takes_part_quantities`.
        const takesParts = Boolean(currentTargetEl.dataset.takesParts);
        const pattern = takesParts ? /^\d+([.,]\d+)?$/ : /^\d+$/;
        if (!pattern.test(typed)) {
            const words = takesParts
                ? _t("Please type a quantity: a number, 0 for none.")
                : _t("Please type a quantity: a whole number, 0 for none.");
            this.services.notification.add(words, {type: "danger"});
            currentTargetEl.value = currentTargetEl.defaultValue;
            return;
        }
        try {
            await this.waitFor(
                this.callUpdateLineRoute(this.orderDetail.orderId, {
                    access_token: this.orderDetail.token,
                    input_quantity: Number(typed.replace(",", ".")),
                    line_id: currentTargetEl.dataset.lineId,
                })
            );
        } catch (error) {
            currentTargetEl.value = currentTargetEl.defaultValue;
            if (!(error instanceof RPCError)) {
                throw error;
            }
            const words = error.data?.message || error.message;
            this.services.notification.add(words, {type: "danger"});
            return;
        }
        this.refreshOrderUI();
    },
});
