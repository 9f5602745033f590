"""Instructions (指挥调度指令): those given and told, one with its receipts, a new one to many units."""
