{
    "name": "Subscriptions Web Shop Comparison",
    "summary": "Comparisons say how often the price of a subscription is due",
    "version": "19.0.1.0.0",
    "category": "Website/Website",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "subscriptions_website_sale",
        "website_sale_comparison",
    ],
    "data": [
        "views/comparison_templates.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "subscriptions_website_sale_comparison/static/src/**/*",
        ],
    },
    "auto_install": True,
}
