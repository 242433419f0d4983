"""Main moves on, by commits of its own, while more branches fork."""

from mergetui.demo.authors import ADA, BJORN, PRIYA, TOM, YUKI
from mergetui.demo.early_work import NEGATIVE_EUROS
from mergetui.demo.history import Merge, Replace, Step, Write

MAIN_MOVES_ON = (
    Step(
        "main",
        ADA,
        "Tell apart what is missing and what is sold out",
        (
            Replace(
                "shop/stock.py",
                "    def take(self, sku, quantity):\n",
                "    def take(self, sku, quantity):\n"
                "        if sku not in self.levels:\n"
                '            raise ValueError(f"{sku} was never in stock")\n',
            ),
        ),
    ),
    Step(
        "stack/1-model",
        YUKI,
        "Know customers by their mail",
        (
            Write(
                "shop/customer.py",
                '''\
"""Who buys."""


class Customer:
    def __init__(self, name, mail):
        if "@" not in mail:
            raise ValueError(f"not a mail address: {mail}")
        self.name = name
        self.mail = mail
''',
            ),
            Write(
                "tests/test_customer.py",
                """\
from shop.customer import Customer
from tests import ShopTest


class Customers(ShopTest):
    def test_a_customer_has_a_mail_address(self):
        self.assertRaises(ValueError, Customer, "Eve", "nowhere")
""",
            ),
        ),
    ),
    Step(
        "feat/merged-main",
        PRIYA,
        "Wrap gifts",
        (
            Write(
                "shop/gift.py",
                '''\
"""Wrapping paper and kind words."""


def wrapped(receipt):
    return "\\n".join(line.split(":")[0] for line in receipt.splitlines()[:-1])
''',
            ),
        ),
    ),
    Step("main", BJORN, "Print negative amounts right", NEGATIVE_EUROS),
    Step(
        "main",
        TOM,
        "Put things back on the shelf",
        (
            Replace(
                "shop/stock.py",
                "        self.levels[sku] -= quantity\n",
                "        self.levels[sku] -= quantity\n\n"
                "    def put_back(self, sku, quantity):\n"
                "        self.levels[sku] = self.levels.get(sku, 0) + quantity\n",
            ),
            Replace(
                "tests/test_stock.py",
                '        self.assertRaises(ValueError, Stock(pen=1).take, "pen", 2)\n',
                '        self.assertRaises(ValueError, Stock(pen=1).take, "pen", 2)\n\n'
                "    def test_what_comes_back_can_be_taken_again(self):\n"
                "        stock = Stock()\n"
                '        stock.put_back("pen", 1)\n'
                '        stock.take("pen", 1)\n'
                '        self.assertEqual(stock.levels["pen"], 0)\n',
            ),
        ),
    ),
    Merge("feat/merged-main", PRIYA),
    Step(
        "feat/merged-main",
        PRIYA,
        "Keep prices off gift receipts",
        (
            Write(
                "tests/test_gift.py",
                """\
from shop.gift import wrapped
from tests import ShopTest


class Gifts(ShopTest):
    def test_a_gift_has_no_price(self):
        self.assertEqual(wrapped("2 x ink: 18.00 EUR\\nto pay: 21.60 EUR"), "2 x ink")
""",
            ),
        ),
    ),
    Step(
        "stack/2-api",
        YUKI,
        "Greet customers by name",
        (
            Write(
                "shop/api.py",
                '''\
"""What the outside may ask."""

from shop.customer import Customer


def greet(name, mail):
    return {"greeting": f"Welcome, {Customer(name, mail).name}!"}
''',
            ),
            Write(
                "tests/test_api.py",
                """\
from shop.api import greet
from tests import ShopTest


class Api(ShopTest):
    def test_a_customer_is_greeted_by_name(self):
        self.assertEqual(greet("Eve", "eve@shop.example"), {"greeting": "Welcome, Eve!"})
""",
            ),
        ),
        fork="stack/1-model",
    ),
    Step("chore/empty", TOM, "Wake the build up"),
    Step(
        "feat/slow-talkative",
        BJORN,
        "Try every price with VAT",
        (
            Write(
                "tests/test_every_price.py",
                """\
import time

from shop.money import euros
from shop.vat import with_vat
from tests import PACE, ShopTest


class EveryPrice(ShopTest):
    def test_vat_never_makes_it_cheaper(self):
        for cents in range(0, 30000, 100):
            print(f"{euros(cents)} comes to {euros(with_vat(cents))}", flush=True)
            self.assertGreaterEqual(with_vat(cents), cents)
            time.sleep(PACE / 8)
""",
            ),
        ),
    ),
    Step(
        "main",
        ADA,
        "Sell mugs",
        (
            Replace(
                "shop/catalog.py",
                '    "pad": "Writing pad",\n',
                '    "pad": "Writing pad",\n    "mug": "Mug",\n',
            ),
            Replace("shop/pricing.py", '    "pad": 475,\n', '    "pad": 475,\n    "mug": 1200,\n'),
        ),
    ),
    Step(
        "docs/readme",
        YUKI,
        "Say how to run the tests",
        (
            Replace(
                "README.md",
                "Pens, ink and paper.\n",
                "Pens, ink and paper.\n\nTests: `python3 -m unittest`\n",
            ),
        ),
    ),
)
