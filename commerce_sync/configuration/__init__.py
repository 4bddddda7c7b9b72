"""How a company's sales are kept, as people choose it: what there is to choose, what is suggested, what must hold, and
saving it. The partner API and the merchant's pages are two ways in to the same rules."""
