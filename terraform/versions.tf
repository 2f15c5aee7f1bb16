terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8.0"
    }
  }

  # `terraform init` sets bucket and prefix: see README.md.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region
  zone    = var.zone

  # A budget belongs to the billing account, but its API quota counts for this project.
  user_project_override = true
  billing_project       = var.project

  default_labels = local.labels
}
