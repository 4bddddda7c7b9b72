"""What is asked of Shopify, in its own language (GraphQL Admin API, version in `shopify`).

Sizes of what is nested are variables: the product of all sizes is what a query costs, and may not exceed what Shopify
allows. What does not fit is fetched beside (`_shopify_pages`).
"""

from __future__ import annotations

from typing import Final

_PAGE: Final = "pageInfo { hasNextPage endCursor }"
_MONEY: Final = "{ shopMoney { amount currencyCode } }"

_SALE: Final = f"""
fragment SaleParts on Sale {{
  actionType lineType quantity
  totalAmount {_MONEY}
  totalTaxAmount {_MONEY}
  totalDiscountAmountBeforeTaxes {_MONEY}
  taxes {{ amount {_MONEY} taxLine {{ title ratePercentage channelLiable }} }}
  ... on ProductSale {{ lineItem {{ title variantTitle sku variant {{ legacyResourceId }} }} }}
  ... on GiftCardSale {{ lineItem {{ title sku }} }}
  ... on AdditionalFeeSale {{ additionalFee {{ name }} }}
}}
"""
_AGREEMENT: Final = """
fragment AgreementHead on SalesAgreement {
  id happenedAt reason
  ... on RefundAgreement { refund { legacyResourceId } }
}
"""
_TRANSACTION: Final = f"""
fragment TransactionParts on OrderTransaction {{
  id kind status test gateway formattedGateway manualPaymentGateway createdAt processedAt
  amountSet {_MONEY}
  amountRoundingSet {_MONEY}
}}
"""

_LEVEL: Final = """
fragment LevelParts on InventoryLevel {
  isActive updatedAt
  location { legacyResourceId }
  quantities(names: ["on_hand"]) { name quantity updatedAt }
}
"""

ORDERS: Final = f"""
query Orders($first: Int!, $after: String, $query: String, $agreements: Int!, $sales: Int!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{
      id legacyResourceId name createdAt processedAt updatedAt cancelledAt test currencyCode displayFinancialStatus
      sourceName
      retailLocation {{ legacyResourceId }}
      currentTotalPriceSet {_MONEY}
      totalOutstandingSet {_MONEY}
      transactions {{ ...TransactionParts }}
      refunds {{
        legacyResourceId createdAt processedAt note
        transactions(first: 10) {{ nodes {{ ...TransactionParts }} {_PAGE} }}
        refundLineItems(first: 5) {{ nodes {{ restockType }} }}
      }}
      agreements(first: $agreements) {{
        nodes {{ ...AgreementHead sales(first: $sales) {{ nodes {{ ...SaleParts }} {_PAGE} }} }}
        {_PAGE}
      }}
    }}
    {_PAGE}
  }}
}}
{_AGREEMENT}{_SALE}{_TRANSACTION}"""

AGREEMENT: Final = f"""
query Agreement($id: ID!, $before: String, $sales: Int!, $after: String) {{
  order(id: $id) {{
    agreements(first: 1, after: $before) {{
      nodes {{ ...AgreementHead sales(first: $sales, after: $after) {{ nodes {{ ...SaleParts }} {_PAGE} }} }}
      {_PAGE}
    }}
  }}
}}
{_AGREEMENT}{_SALE}"""

LOCATIONS: Final = f"""
query Locations($first: Int!, $after: String) {{
  locations(first: $first, after: $after, includeInactive: true) {{
    nodes {{ legacyResourceId name isActive address {{ countryCode }} }}
    {_PAGE}
  }}
}}
"""

VARIANTS: Final = f"""
query Variants($first: Int!, $after: String, $levels: Int!) {{
  productVariants(first: $first, after: $after) {{
    nodes {{
      legacyResourceId title sku
      product {{ legacyResourceId title productType }}
      inventoryItem {{
        id updatedAt tracked
        unitCost {{ amount currencyCode }}
        inventoryLevels(first: $levels, includeInactive: true) {{ nodes {{ ...LevelParts }} {_PAGE} }}
      }}
    }}
    {_PAGE}
  }}
}}
{_LEVEL}"""

LEVELS: Final = f"""
query Levels($id: ID!, $first: Int!, $after: String) {{
  inventoryItem(id: $id) {{
    inventoryLevels(first: $first, after: $after, includeInactive: true) {{ nodes {{ ...LevelParts }} {_PAGE} }}
  }}
}}
{_LEVEL}"""

_BALANCE: Final = """
fragment BalanceParts on ShopifyPaymentsBalanceTransaction {
  id type test transactionDate sourceId sourceOrderTransactionId
  amount { amount currencyCode }
  fee { amount currencyCode }
  net { amount currencyCode }
  associatedPayout { id }
}
"""

BALANCE: Final = f"""
query Balance($first: Int!, $after: String, $query: String) {{
  shopifyPaymentsAccount {{
    balanceTransactions(first: $first, after: $after, query: $query, sortKey: PROCESSED_AT, hideTransfers: true) {{
      nodes {{ ...BalanceParts }}
      {_PAGE}
    }}
  }}
}}
{_BALANCE}"""

ENTRIES: Final = f"""
query Entries($first: Int!, $after: String, $payout: String!) {{
  shopifyPaymentsAccount {{
    balanceTransactions(first: $first, after: $after, query: $payout, sortKey: PROCESSED_AT, hideTransfers: true) {{
      nodes {{ ...BalanceParts }}
      {_PAGE}
    }}
  }}
}}
{_BALANCE}"""

PAYOUTS: Final = f"""
query Payouts($first: Int!, $after: String, $query: String) {{
  shopifyPaymentsAccount {{
    payouts(first: $first, after: $after, query: $query, sortKey: ISSUED_AT) {{
      nodes {{
        id legacyResourceId issuedAt status transactionType externalTraceId
        net {{ amount currencyCode }}
      }}
      {_PAGE}
    }}
  }}
}}
"""

DISPUTES: Final = f"""
query Disputes($first: Int!, $after: String) {{
  shopifyPaymentsAccount {{
    disputes(first: $first, after: $after) {{
      nodes {{
        legacyResourceId status type initiatedAt finalizedOn
        amount {{ amount currencyCode }}
        order {{ legacyResourceId }}
      }}
      {_PAGE}
    }}
  }}
}}
"""

GIFT_CARDS: Final = f"""
query GiftCards($first: Int!, $after: String, $query: String) {{
  giftCards(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {{
    nodes {{ id createdAt initialValue {{ amount currencyCode }} order {{ legacyResourceId }} }}
    {_PAGE}
  }}
}}
"""

DELETED: Final = f"""
query Deleted($first: Int!, $after: String, $query: String) {{
  events(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {{
    nodes {{ id action createdAt ... on BasicEvent {{ subjectId subjectType }} }}
    {_PAGE}
  }}
}}
"""

PRESENT: Final = """
query Present($ids: [ID!]!) {
  nodes(ids: $ids) { id }
}
"""

ONE_ORDER: Final = """
query OneOrder($id: ID!) {
  order(id: $id) { id }
}
"""
