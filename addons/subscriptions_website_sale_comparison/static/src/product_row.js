import {patch} from "@web/core/utils/patch";
import {ProductRow} from "@website_sale_comparison/js/product_row/product_row";

patch(ProductRow, {
    props: {...ProductRow.props, shop_period: {type: String, optional: true}},
});

patch(ProductRow.prototype, {
    get formattedPrice() {
        const price = super.formattedPrice;
        return this.props.shop_period ? `${price} / ${this.props.shop_period}` : price;
    },
});
