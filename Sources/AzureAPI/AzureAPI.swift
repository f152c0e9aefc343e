// AzureAPI
