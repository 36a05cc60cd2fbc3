{
    "name": "Subscriptions Web Shop",
    "summary": "Sell subscriptions on the web shop, from product page to contract",
    "version": "19.0.1.0.0",
    "category": "Website/Website",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "subscriptions",
        "website_sale",
    ],
    "data": [
        "data/mail_template_data.xml",
        "views/product_template_views.xml",
        "views/res_config_settings_views.xml",
        "views/sale_order_views.xml",
        "views/subscription_plan_views.xml",
        # Pages, in the order in which a customer sees them.
        "views/shop_templates.xml",
        "views/product_page_templates.xml",
        "views/cart_templates.xml",
        "views/checkout_templates.xml",
        "views/confirmation_templates.xml",
    ],
    "demo": [
        "demo/shop_demo.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "subscriptions_website_sale/static/src/**/*",
        ],
        "web.assets_tests": [
            "subscriptions_website_sale/static/tests/tours/**/*",
        ],
    },
    "auto_install": True,
}
